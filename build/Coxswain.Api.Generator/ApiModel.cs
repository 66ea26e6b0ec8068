using System.Text.Json;

namespace Coxswain.Api.Generator;

/// <summary>Every group-version file of the API's facts, and how a type's name in them is resolved.</summary>
internal sealed class ApiModel
{
    private readonly Dictionary<string, ApiFile> _files;

    private ApiModel(Dictionary<string, ApiFile> files) => _files = files;

    public IEnumerable<ApiFile> Files => _files.Values;

    public static ApiModel Load(string folder)
    {
        var options = new JsonSerializerOptions(JsonSerializerDefaults.Web);
        var files = new Dictionary<string, ApiFile>(StringComparer.Ordinal);
        foreach (var path in Directory.EnumerateFiles(folder, "*_*.json").Order(StringComparer.Ordinal))
        {
            var facts = JsonSerializer.Deserialize<ApiFacts>(File.ReadAllText(path), options)
                ?? throw new InvalidDataException($"{path}: empty");
            var file = new ApiFile(facts);
            files.Add(file.Folder, file);
        }

        return new ApiModel(files);
    }

    /// <summary>
    /// Refuses facts that name a type nobody declares, in any field or alias, also where no C# is made of it: read at
    /// run time, such a field would be lost without a word. And a protobuf number that stands for two fields.
    /// </summary>
    public void Check()
    {
        foreach (var file in Files)
        {
            foreach (var (name, facts) in file.Facts.Types)
            {
                var fields = facts.Fields ?? [];
                foreach (var type in fields.Select(field => field.Type).Append(facts.Alias).OfType<string>())
                {
                    var bare = Bare(type);
                    if (!FieldType.Scalar.Known.ContainsKey(bare) && !IsInterface(bare) && Find(file, bare) is null)
                    {
                        throw new InvalidDataException($"{file.Folder}.{name}: unknown type {type}");
                    }
                }

                if (fields.Where(field => field.Proto > 0).GroupBy(field => field.Proto)
                    .FirstOrDefault(same => same.Count() > 1) is { } twice)
                {
                    throw new InvalidDataException($"{file.Folder}.{name}: two fields with the number {twice.Key}");
                }
            }
        }
    }

    /// <summary>Resolves a type's name as written in <paramref name="file"/>; null for what is not declared anywhere.</summary>
    public (ApiFile File, string Name, TypeFacts Facts)? Find(ApiFile file, string name)
    {
        var dot = name.LastIndexOf('.');
        if (dot > 0 && _files.TryGetValue(name[..dot], out var other))
        {
            (file, name) = (other, name[(dot + 1)..]);
        }

        return file.Facts.Types.TryGetValue(name, out var facts) ? (file, name, facts) : null;
    }

    /// <summary>A type of another Go package (<c>watch.Event</c>), which no field of JSON has.</summary>
    private static bool IsInterface(string type) => type.Contains('.') && !type.Contains('/');

    private static string Bare(string type) =>
        type.StartsWith("[]", StringComparison.Ordinal) ? Bare(type[2..])
        : type.StartsWith("map[", StringComparison.Ordinal) ? Bare(type[(type.IndexOf(']') + 1)..])
        : type;

    /// <summary>As <see cref="Find"/>, but what other names of the type lead to.</summary>
    public (ApiFile File, string Name, TypeFacts Facts)? FindStruct(ApiFile file, string name)
    {
        var found = Find(file, name);
        return found is { Facts.Alias: { } alias } ? FindStruct(found.Value.File, alias) : found;
    }
}

/// <summary>One group-version: <c>Folder</c> is how other files refer to it (<c>core/v1</c>).</summary>
internal sealed class ApiFile(ApiFacts facts)
{
    public ApiFacts Facts { get; } = facts;

    public string Folder { get; } = (facts.Group.Length == 0 ? "core" : facts.Group.Split('.')[0]) + "/" + facts.Version;

    public string Namespace { get; } = $"Coxswain.Api.{Naming.Group(facts.Group)}.{Naming.Pascal(facts.Version)}";

    public string ApiVersion { get; } = facts.Group.Length == 0 ? facts.Version : $"{facts.Group}/{facts.Version}";
}

internal sealed record ApiFacts(string Group, string Version, Dictionary<string, TypeFacts> Types);

internal sealed record TypeFacts(
    bool Kind, bool Namespaced, string? Alias, IReadOnlyList<string>? Enum, IReadOnlyList<FieldFacts>? Fields);

internal sealed record FieldFacts(string Name, string Type, bool Optional, bool Pointer, bool Inline, int Proto);
