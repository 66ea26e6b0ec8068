using Coxswain.ApiServer.Documents;

namespace Coxswain.ApiServer.Cells;

/// <summary>Words that several kinds' columns share.</summary>
internal static class CellText
{
    public static string OrNone(string? text) => string.IsNullOrEmpty(text) ? "<none>" : text;

    public static string OrUnset(string? text) => string.IsNullOrEmpty(text) ? "<unset>" : text;

    public static string Labels(IReadOnlyDictionary<string, string> labels) =>
        labels.Count == 0 ? "<none>" : string.Join(',', labels.OrderBy(label => label.Key, StringComparer.Ordinal).Select(label => $"{label.Key}={label.Value}"));

    /// <summary>The first few of many, and how many more.</summary>
    public static string Few(IReadOnlyCollection<string> items, int most) =>
        items.Count == 0 ? "<none>" : items.Count <= most ? string.Join(',', items)
            : $"{string.Join(',', items.Take(most))} + {items.Count - most} more...";

    public static string AccessModes(IEnumerable<string> modes) => string.Join(',', modes.Select(mode => mode switch
    {
        "ReadWriteOnce" => "RWO",
        "ReadOnlyMany" => "ROX",
        "ReadWriteMany" => "RWX",
        "ReadWriteOncePod" => "RWOP",
        _ => mode,
    }));
}
