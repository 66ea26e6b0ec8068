using System.Collections.Concurrent;
using System.Text;
using System.Text.Json;
using Coxswain.Api.Resources;
using Coxswain.Api.Schemata;

namespace Coxswain.Api.Protobuf;

/// <summary>
/// How a type of the API is laid out in protobuf: its fields by number. Made from the same facts as <see cref="Schema"/>,
/// but inlined types stay messages of their own, as they are on the wire.
/// </summary>
internal sealed class ProtobufType
{
    private static readonly Lazy<Dictionary<string, JsonElement>> Facts = new(() => ApiFacts.Files()
        .SelectMany(file => file.Facts.GetProperty("types").EnumerateObject().Select(type => (Name: $"{FolderOf(file.Group)}/{file.Version}.{type.Name}", type.Value)))
        .ToDictionary(type => type.Name, type => type.Value, StringComparer.Ordinal));

    private static readonly ConcurrentDictionary<string, ProtobufType> Known = new(StringComparer.Ordinal);

    private readonly Lazy<Dictionary<int, ProtobufField>> _fields;
    private readonly Lazy<FieldNames> _names;

    private ProtobufType(ProtobufForm form, string name, ProtobufType? item, Func<Dictionary<int, ProtobufField>> fields)
    {
        Form = form;
        Name = name;
        Item = item;
        _fields = new(fields);
        _names = new(() => new FieldNames(_fields.Value.Values));
    }

    public ProtobufForm Form { get; }

    public string Name { get; }

    /// <summary>The items of a list, the values of a map.</summary>
    public ProtobufType? Item { get; }

    public ProtobufField? Field(int number) => _fields.Value.GetValueOrDefault(number);

    /// <summary>The field that JSON calls so; null when there is none, or it stands in an inlined type.</summary>
    public ProtobufField? Field(ReadOnlySpan<byte> utf8Name) => _names.Value.Find(utf8Name);

    /// <summary>Types whose fields JSON shows in place, and protobuf as messages of their own.</summary>
    public IReadOnlyList<ProtobufField> Inlined => _names.Value.Inlined;

    public IReadOnlyCollection<ProtobufField> Fields() => _fields.Value.Values;

    /// <summary>A struct by its name in the facts; null when there is none.</summary>
    public static ProtobufType? Find(string typeName) => Facts.Value.ContainsKey(typeName) ? Resolve(typeName, "") : null;

    private static string FolderOf(string apiGroup) => apiGroup.Length == 0 ? "core" : apiGroup.Split('.')[0];

    private static ProtobufType Resolve(string type, string folder)
    {
        if (type.StartsWith("[]", StringComparison.Ordinal))
        {
            return Make(ProtobufForm.List, type, Resolve(type[2..], folder));
        }

        if (type.StartsWith("map[", StringComparison.Ordinal))
        {
            return Make(ProtobufForm.Map, type, Resolve(type[(type.IndexOf(']') + 1)..], folder));
        }

        if (Scalar(type) is { } form)
        {
            return Make(form, type, null);
        }

        var name = type.Contains('/') ? type : $"{folder}.{type}";
        return Known.GetOrAdd(name, static name => MakeNamed(name));
    }

    private static ProtobufType MakeNamed(string name)
    {
        var folder = name[..name.LastIndexOf('.')];
        var simple = name[(name.LastIndexOf('.') + 1)..];
        if (!Facts.Value.TryGetValue(name, out var facts))
        {
            // The generator refuses such facts; read as anything else the field would silently be lost.
            throw new InvalidOperationException($"the facts have no type {name}");
        }

        if (simple is "JSON" or "FieldsV1")
        {
            return Make(ProtobufForm.Raw, name, null);
        }

        if (Scalar(simple) is { } wellKnown)
        {
            return Make(wellKnown, name, null);
        }

        if (facts.TryGetProperty("alias", out var alias))
        {
            // A named list is a message that holds one.
            return alias.GetString()!.StartsWith("[]", StringComparison.Ordinal)
                ? Make(ProtobufForm.WrappedList, name, Resolve(alias.GetString()![2..], folder))
                : Resolve(alias.GetString()!, folder);
        }

        return new ProtobufType(IsChoice(facts) ? ProtobufForm.Choice
            : ProtobufForm.Struct, name, null, () => Fields(facts, folder));
    }

    private static Dictionary<int, ProtobufField> Fields(JsonElement facts, string folder)
    {
        var fields = new Dictionary<int, ProtobufField>();
        foreach (var field in facts.TryGetProperty("fields", out var all) ? all.EnumerateArray() : [])
        {
            if (field.TryGetProperty("proto", out var number))
            {
                fields[number.GetInt32()] = new ProtobufField(
                    number.GetInt32(), field.GetProperty("name").GetString()!, Resolve(field.GetProperty("type").GetString()!, folder),
                    Is(field, "inline"), Is(field, "optional") && !Is(field, "pointer"));
            }
        }

        return fields;
    }

    /// <summary>Only nameless fields: in JSON the value of whichever is set.</summary>
    private static bool IsChoice(JsonElement facts) =>
        facts.TryGetProperty("fields", out var fields) && fields.GetArrayLength() > 1
        && fields.EnumerateArray().All(field => field.GetProperty("name").GetString()!.Length == 0);

    private static bool Is(JsonElement field, string name) => field.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.True;

    private static ProtobufType Make(ProtobufForm form, string name, ProtobufType? item) => new(form, name, item, static () => []);

    private static ProtobufForm? Scalar(string type) => type switch
    {
        "string" => ProtobufForm.String,
        "bool" => ProtobufForm.Boolean,
        "int32" or "int64" => ProtobufForm.Integer,
        "float64" => ProtobufForm.Double,
        "bytes" => ProtobufForm.Bytes,
        "Quantity" => ProtobufForm.Quantity,
        "IntOrString" => ProtobufForm.IntOrString,
        "Time" or "meta/v1.Time" => ProtobufForm.Time,
        "MicroTime" or "meta/v1.MicroTime" => ProtobufForm.MicroTime,
        "Duration" or "meta/v1.Duration" => ProtobufForm.Duration,
        "RawExtension" or "any" => ProtobufForm.Raw,
        _ => null,
    };

    /// <summary>The fields by the length of their names: a look compares one or two candidates.</summary>
    private sealed class FieldNames
    {
        private readonly (byte[] Name, ProtobufField Field)[][] _byLength;

        public FieldNames(IReadOnlyCollection<ProtobufField> fields)
        {
            Inlined = [.. fields.Where(field => field.IsInline && field.Type.Form == ProtobufForm.Struct)];
            var named = fields.Where(field => field.Name.Length > 0)
                .Select(field => (Name: Encoding.UTF8.GetBytes(field.Name), Field: field)).ToLookup(field => field.Name.Length);
            _byLength = new (byte[], ProtobufField)[named.Select(group => group.Key + 1).DefaultIfEmpty().Max()][];
            for (var length = 0; length < _byLength.Length; length++)
            {
                _byLength[length] = [.. named[length]];
            }
        }

        public IReadOnlyList<ProtobufField> Inlined { get; }

        public ProtobufField? Find(ReadOnlySpan<byte> utf8Name)
        {
            if (utf8Name.Length < _byLength.Length)
            {
                foreach (var (name, field) in _byLength[utf8Name.Length])
                {
                    if (utf8Name.SequenceEqual(name))
                    {
                        return field;
                    }
                }
            }

            return null;
        }
    }
}

/// <param name="OmitsZero">Go writes the zero value on the wire but leaves it out of JSON.</param>
internal sealed record ProtobufField(int Number, string Name, ProtobufType Type, bool IsInline, bool OmitsZero);

internal enum ProtobufForm
{
    String,
    Boolean,
    Integer,
    Double,
    Bytes,
    Quantity,
    IntOrString,
    Time,
    MicroTime,
    Duration,
    Raw,
    Struct,

    /// <summary>A message of which one field is set, such as a schema or a boolean.</summary>
    Choice,
    List,
    Map,
    WrappedList,
}
