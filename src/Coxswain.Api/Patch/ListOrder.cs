using System.Text.Json.Nodes;
using Coxswain.Api.Json;

namespace Coxswain.Api.Patch;

/// <summary>
/// Puts a merged list into the order a patch asks for. Items the order names stand in its order; items only the
/// server has keep their place relative to the items that were before them there.
/// </summary>
internal static class ListOrder
{
    /// <param name="merged">The items, which belong to no other list any more.</param>
    /// <param name="server">The list before the patch, to tell where its own items stood.</param>
    /// <param name="mergeKey">The field that names an item; null when items are scalars.</param>
    public static JsonArray Apply(List<JsonNode?> merged, List<JsonNode?> server, JsonArray order, string? mergeKey)
    {
        var wanted = Positions([.. order], mergeKey);
        var places = Positions(server.Count == 0 ? merged : server, mergeKey);
        var named = merged.Where(item => Position(wanted, item, mergeKey) >= 0).OrderBy(item => Position(wanted, item, mergeKey)).ToList();
        var others = merged.Where(item => Position(wanted, item, mergeKey) < 0).ToList();

        // A merge of two ordered lists: one of the server's own goes first when it stood before the next named one.
        var result = new JsonArray();
        int n = 0, o = 0;
        while (n < named.Count || o < others.Count)
        {
            var takeOther = n == named.Count || (o < others.Count
                && Position(places, named[n], mergeKey) is var namedPlace && namedPlace >= 0
                && Position(places, others[o], mergeKey) is var otherPlace && otherPlace >= 0 && otherPlace < namedPlace);
            result.Add(takeOther ? others[o++] : named[n++]);
        }

        return result;
    }

    /// <summary>The name by which a merge knows an item: its key's value, or itself.</summary>
    public static string Name(JsonNode? item, string? mergeKey) => JsonEquality.Canonical(
        mergeKey is not null && item is JsonObject properties
            && properties.TryGetPropertyValue(mergeKey, out var name) ? name : item);

    private static Dictionary<string, int> Positions(List<JsonNode?> items, string? mergeKey)
    {
        var positions = new Dictionary<string, int>(StringComparer.Ordinal);
        for (var i = 0; i < items.Count; i++)
        {
            positions.TryAdd(Name(items[i], mergeKey), i);
        }

        return positions;
    }

    private static int Position(Dictionary<string, int> positions, JsonNode? item, string? mergeKey) =>
        positions.GetValueOrDefault(Name(item, mergeKey), -1);
}
