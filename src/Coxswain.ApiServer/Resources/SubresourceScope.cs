using System.Text.Json.Nodes;
using Coxswain.Api.Errors;
using Coxswain.Api.Json;
using Coxswain.ApiServer.Documents;

namespace Coxswain.ApiServer.Resources;

/// <summary>
/// What a write to a subresource may change: the fields at its paths, and nothing else of the object, its metadata included
/// unless a path names it. A step <c>[]</c> stands for the items of a list, found again by their names.
/// </summary>
/// <param name="Check">What must hold between the new object and the old one.</param>
internal sealed record SubresourceScope(IReadOnlyList<string> Paths, Func<JsonObject, JsonObject, IEnumerable<FieldError>>? Check = null)
{
    /// <summary>Leaves of the new object only what may change; the rest becomes the old one's.</summary>
    public void Apply(JsonObject document, JsonObject old)
    {
        var result = (JsonObject)old.DeepClone();
        foreach (var path in Paths)
        {
            Copy(document, result, path.Split('.'));
        }

        document.Clear();
        foreach (var (name, value) in result.ToList())
        {
            result.Remove(name);
            document[name] = value;
        }
    }

    private static void Copy(JsonNode? source, JsonNode? target, ReadOnlySpan<string> path)
    {
        if (path[0] == "[]")
        {
            var items = (source as JsonArray ?? []).OfType<JsonObject>().ToList();
            foreach (var item in (target as JsonArray ?? []).OfType<JsonObject>())
            {
                Copy(items.Find(other => other.Text("name") == item.Text("name")), item, path[1..]);
            }
        }
        else if (source is JsonObject from && target is JsonObject to)
        {
            if (path.Length == 1)
            {
                to.Take(path[0], from);
                return;
            }

            if (from[path[0]] is JsonObject && to[path[0]] is null)
            {
                to[path[0]] = new JsonObject();
            }

            Copy(from[path[0]], to[path[0]], path[1..]);
        }
    }
}
