using System.Text.Json;
using Coxswain.Api.Meta.V1;

namespace Coxswain.Client;

/// <summary>One page (or all) of a list, read from one snapshot.</summary>
public sealed record KubeList<T>(IReadOnlyList<T> Items, ListMeta Metadata);

/// <param name="LabelSelector">As in <c>kubectl -l</c>; empty for all.</param>
/// <param name="FieldSelector">As in <c>kubectl --field-selector</c>; empty for all.</param>
/// <param name="Limit">At most this many items; 0 for all.</param>
/// <param name="Continue">The token of the previous page.</param>
/// <param name="ResourceVersion">Empty for the newest.</param>
public sealed record ListQuery(
    string LabelSelector = "", string FieldSelector = "", int Limit = 0, string Continue = "", string ResourceVersion = "")
{
    public static readonly ListQuery All = new();
}

/// <param name="ResourceVersion">Deliver what came after this.</param>
/// <param name="AllowBookmarks">Also deliver <c>BOOKMARK</c> events, which carry only a resourceVersion.</param>
public sealed record WatchQuery(
    string ResourceVersion, string LabelSelector = "", string FieldSelector = "", bool AllowBookmarks = true);

public enum WatchEventType
{
    Added,
    Modified,
    Deleted,
    Bookmark,
}

/// <param name="Object">For a bookmark, an object whose metadata holds only the resourceVersion.</param>
public sealed record WatchEvent<T>(WatchEventType Type, T Object);

public enum PatchType
{
    Json,
    Merge,
    StrategicMerge,
    Apply,
}

/// <param name="Body">The patch document as JSON (YAML for Apply is the caller's to convert).</param>
public sealed record KubePatch(PatchType Type, ReadOnlyMemory<byte> Body, string FieldManager = "", bool Force = false)
{
    public static KubePatch Merge(object document) => new(PatchType.Merge, JsonSerializer.SerializeToUtf8Bytes(document));
}
