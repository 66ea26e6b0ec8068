using System.Collections.Frozen;
using System.Text.Json;

namespace Coxswain.Api.Resources;

/// <summary>
/// The built-in resources, each kind at its current version: what resources.json lists, and for kinds that are newer
/// than it the same pattern applied to the schema's facts.
/// </summary>
public static class ApiResources
{
    private static readonly string[] AllVerbs = ["create", "delete", "deletecollection", "get", "list", "patch", "update", "watch"];

    /// <summary>Short names of resources that resources.json is too old to know.</summary>
    private static readonly Dictionary<string, string[]> NewerShortNames = new(StringComparer.Ordinal)
    {
        ["cronjobs"] = ["cj"],
        ["poddisruptionbudgets"] = ["pdb"],
        ["ipaddresses"] = ["ip"],
        ["volumeattributesclasses"] = ["vac"],
    };

    /// <summary>Verbs of resources that resources.json is too old to know.</summary>
    private static readonly Dictionary<string, string[]> NewerVerbs = new(StringComparer.Ordinal) { ["services"] = ["deletecollection"] };

    private static readonly Lazy<IReadOnlyList<ApiResource>> Loaded = new(Load);

    private static readonly Lazy<FrozenDictionary<(string ApiVersion, string Kind), ApiResource>> ByKind = new(() =>
        Loaded.Value.ToFrozenDictionary(resource => (resource.ApiVersion, resource.Kind)));

    /// <summary>All of them, in the order of their groups and names.</summary>
    public static IReadOnlyList<ApiResource> All => Loaded.Value;

    /// <summary>A kind at a version beside its current one, with the names and verbs it has there.</summary>
    public static ApiResource OtherVersion(ObjectKind kind, ObjectKind current) => Find(current)! with // callers name kinds there are
    {
        Group = kind.Group,
        Version = kind.Version,
    };

    public static ApiResource? Find(ObjectKind kind) => ByKind.Value.GetValueOrDefault((kind.ApiVersion, kind.Kind));

    /// <summary>The resource of a type known at compile time.</summary>
    /// <exception cref="InvalidOperationException">Objects of the type are not served.</exception>
    public static ApiResource Of<T>()
        where T : IKubeObject<T> =>
        Find(T.ObjectKind) ?? throw new InvalidOperationException($"{T.ObjectKind} is not a served resource");

    private static List<ApiResource> Load()
    {
        var listed = LoadListed();
        var all = new List<ApiResource>();
        foreach (var (facts, apiGroup, version) in ApiFacts.Files())
        {
            foreach (var type in facts.GetProperty("types").EnumerateObject())
            {
                if (!type.Value.TryGetProperty("kind", out var isKind) || !isKind.GetBoolean() || type.Value.TryGetProperty("removed", out _)
                    || !IsCurrent(apiGroup, version, type.Name))
                {
                    continue;
                }

                var older = listed.FirstOrDefault(resource => resource.Group == apiGroup && resource.Version == version && resource.Kind == type.Name)
                    ?? listed.FirstOrDefault(resource => resource.Group == apiGroup && resource.Kind == type.Name);
                all.Add(older is null ? Newer(apiGroup, version, type) : WithNewer(older with { Version = version }, type));
            }
        }

        all.AddRange(listed.Where(resource => resource.Version == "v1" && !all.Exists(known => known.Group == resource.Group && known.Kind == resource.Kind)));
        return [.. all.OrderBy(resource => resource.Group, StringComparer.Ordinal).ThenBy(resource => resource.Plural, StringComparer.Ordinal)];
    }

    /// <summary>A kind is served once in its group: at v1, or v2 where that has taken over.</summary>
    private static bool IsCurrent(string apiGroup, string version, string kind) =>
        kind != "Eviction" && (apiGroup == "autoscaling" ? version == "v2" : version is "v1" || (apiGroup == "metrics.k8s.io" && version == "v1beta1"));

    private static ApiResource Newer(string apiGroup, string version, JsonProperty type)
    {
        // Named after what they tell of, in a group of their own.
        var plural = type.Name switch { "NodeMetrics" => "nodes", "PodMetrics" => "pods", var kind => Plural(kind) };
        var namespaced = type.Value.TryGetProperty("namespaced", out var value) && value.GetBoolean();
        var hasStatus = type.Value.GetProperty("fields").EnumerateArray().Any(field => field.GetProperty("name").GetString() == "status");
        var isRequest = apiGroup is "authentication.k8s.io" or "authorization.k8s.io";
        return new ApiResource(apiGroup, version, plural, type.Name, namespaced)
        {
            ShortNames = NewerShortNames.GetValueOrDefault(plural, []),
            Verbs = isRequest ? ["create"] : apiGroup == "metrics.k8s.io" ? ["get", "list"] : AllVerbs,
            Subresources = hasStatus && !isRequest ? [new ApiSubresource("status", type.Name, null, null, ["get", "patch", "update"])] : [],
        };
    }

    /// <summary>With the subresources that came later: each a view of the object itself.</summary>
    private static ApiResource WithNewer(ApiResource resource, JsonProperty type)
    {
        var newer = Texts(type.Value, "subresources").Distinct().Where(name => !resource.Subresources.Any(known => known.Name == name))
            .Select(name => new ApiSubresource(name, type.Name, null, null, ["get", "patch", "update"])).ToList();
        return newer.Count == 0 ? resource
            : resource with { Subresources = [.. resource.Subresources.Concat(newer).OrderBy(known => known.Name, StringComparer.Ordinal)] };
    }

    private static string Plural(string kind)
    {
        var name = kind.ToLowerInvariant();
        return name.EndsWith('s') ? name + "es" : name.EndsWith('y') ? name[..^1] + "ies" : name + "s";
    }

    private static List<ApiResource> LoadListed()
    {
        using var document = ApiFacts.Open("resources.json");
        return [.. document.RootElement.EnumerateArray().Select(entry => new ApiResource(
            Text(entry, "group") ?? "", Text(entry, "version")!, Text(entry, "name")!, Text(entry, "kind")!, entry.GetProperty("namespaced").GetBoolean())
        {
            Singular = Text(entry, "singular") is { Length: > 0 } singular ? singular : Text(entry, "kind")!.ToLowerInvariant(),
            ShortNames = Texts(entry, "shortNames"),
            Categories = Texts(entry, "categories"),
            Verbs = [.. Texts(entry, "verbs").Concat(NewerVerbs.GetValueOrDefault(Text(entry, "name")!, [])).Order(StringComparer.Ordinal)],
            Subresources = [.. Items(entry, "subresources").Select(item => new ApiSubresource(
                Text(item, "name")!, Text(item, "kind")!, Text(item, "group"), Text(item, "version"), Texts(item, "verbs")))],
            Columns = [.. Items(entry, "columns").Select(item => new ApiColumn(
                Text(item, "name")!, Text(item, "type")!, Text(item, "format"),
                item.TryGetProperty("priority", out var priority) ? priority.GetInt32() : 0, Text(item, "description")))],
        })];
    }

    private static string? Text(JsonElement entry, string name) => entry.TryGetProperty(name, out var value) ? value.GetString() : null;

    private static IEnumerable<JsonElement> Items(JsonElement entry, string name) =>
        entry.TryGetProperty(name, out var value) ? value.EnumerateArray() : [];

    private static IReadOnlyList<string> Texts(JsonElement entry, string name) => [.. Items(entry, name).Select(item => item.GetString()!)];
}
