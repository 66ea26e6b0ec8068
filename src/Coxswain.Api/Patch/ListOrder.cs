using System.Text.Json.Nodes;

namespace Coxswain.Api;

/// <summary>
/// Puts a merged list into the order a patch asks for. Items the order names stand in its order; items only the
/// server has keep their place relative to the items that were before them there.
/// </summary>
internal static class ListOrder
{
    /// <param name="server">The list before the patch, to tell where its own items stood.</param>
    /// <param name="mergeKey">The field that names an item; null when items are scalars.</param>
    public static JsonArray Apply(List<JsonNode?> merged, List<JsonNode?> server, JsonArray order, string? mergeKey)
    {
        if (server.Count == 0)
        {
            server = merged;
        }

        var wanted = order.Select(item => Name(item, mergeKey)).ToList();
        var named = merged.Where(item => Position(wanted, item, mergeKey) >= 0).OrderBy(item => Position(wanted, item, mergeKey)).ToList();
        var others = merged.Where(item => Position(wanted, item, mergeKey) < 0).ToList();
        var places = server.Select(item => Name(item, mergeKey)).ToList();

        // A merge of two ordered lists: one of the server's own goes first when it stood before the next named one.
        var result = new JsonArray();
        int n = 0, o = 0;
        while (n < named.Count || o < others.Count)
        {
            var takeOther = n == named.Count || (o < others.Count
                && Position(places, named[n], mergeKey) is var namedPlace && namedPlace >= 0
                && Position(places, others[o], mergeKey) is var otherPlace && otherPlace >= 0 && otherPlace < namedPlace);
            result.Add((takeOther ? others[o++] : named[n++])?.DeepClone());
        }

        return result;
    }

    private static JsonNode? Name(JsonNode? item, string? mergeKey) =>
        mergeKey is not null && item is JsonObject properties && properties.TryGetPropertyValue(mergeKey, out var name) ? name : item;

    private static int Position(List<JsonNode?> names, JsonNode? item, string? mergeKey)
    {
        var name = Name(item, mergeKey);
        return names.FindIndex(other => JsonEquality.Equal(other, name));
    }
}
