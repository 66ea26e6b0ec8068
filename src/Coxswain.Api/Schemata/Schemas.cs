using System.Collections.Concurrent;
using System.Collections.Frozen;

namespace Coxswain.Api.Schemata;

/// <summary>The schemas of the built-in types, read from the embedded facts a group-version at a time.</summary>
public static class Schemas
{
    private static readonly FrozenDictionary<string, SchemaFile> Files = SchemaFile.FindAll();

    /// <summary>
    /// What was found in the facts, so that there are never more than those have; what clients ask for in vain is not
    /// kept.
    /// </summary>
    private static readonly ConcurrentDictionary<(string ApiVersion, string Kind), Schema> Kinds = new();

    internal static int CachedKinds => Kinds.Count;

    /// <summary>
    /// The schema of a kind of any group-version, served as a resource or not (<c>Scale</c>, <c>Status</c>,
    /// <c>DeleteOptions</c>); null when there is none.
    /// </summary>
    public static Schema? Find(ObjectKind kind)
    {
        if (Kinds.TryGetValue((kind.ApiVersion, kind.Kind), out var known))
        {
            return known;
        }

        if (FindKind(kind) is { } found)
        {
            Kinds.TryAdd((kind.ApiVersion, kind.Kind), found);
            return found;
        }

        // Status, DeleteOptions and their like may be written under any group's version.
        return Files["meta/v1"].Find(kind.Kind) is { Type: SchemaType.Struct } common
            && common.Field("kind") is not null ? common : null;
    }

    /// <summary>A type by its name in the facts, such as <c>core/v1.PodSpec</c>; null when there is none.</summary>
    public static Schema? FindType(string typeName)
    {
        var dot = typeName.LastIndexOf('.');
        return dot > 0 && Files.TryGetValue(typeName[..dot], out var file) ? file.Find(typeName[(dot + 1)..]) : null;
    }

    /// <summary>Every struct type by its name in the facts; loads them all.</summary>
    public static IEnumerable<Schema> AllStructs() =>
        Files.OrderBy(file => file.Key, StringComparer.Ordinal).SelectMany(file => file.Value.Structs());

    internal static SchemaFile? File(string folder) => Files.GetValueOrDefault(folder);

    private static Schema? FindKind(ObjectKind kind)
    {
        var folder = (kind.Group.Length == 0 ? "core" : kind.Group.Split('.')[0]) + "/" + kind.Version;
        return Files.TryGetValue(folder, out var file) && file.ApiVersion == kind.ApiVersion
            && file.Find(kind.Kind) is { } schema && schema.Field("kind") is not null ? schema : null;
    }
}
