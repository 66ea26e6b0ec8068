using System.Text.Json;
using System.Text.Json.Nodes;
using Coxswain.Api.Core.V1;
using Coxswain.Api.Json;

namespace Coxswain.Controllers.Revisions;

/// <summary>
/// What a ControllerRevision holds: a strategic merge patch that gives its owner the template back, which is how
/// <c>kubectl rollout undo</c> uses it. Clients compare it with what they would write, byte by byte, to find the current revision:
/// so its names are in order, and what Kubernetes' own types never leave out is there though empty.
/// </summary>
internal static class RevisionData
{
    public static JsonElement Of(PodTemplateSpec template)
    {
        var node = JsonNode.Parse(KubeJson.Serialize(template))!.AsObject();
        node["$patch"] = "replace";
        ObjectOf(node, "metadata").TryAdd("creationTimestamp", null);
        foreach (var list in new[] { "containers", "initContainers" })
        {
            foreach (var container in (node["spec"]?[list] as JsonArray ?? []).OfType<JsonObject>())
            {
                ObjectOf(container, "resources");
            }
        }

        var patch = new JsonObject { ["spec"] = new JsonObject { ["template"] = InOrder(node) } };
        return JsonSerializer.SerializeToElement<JsonNode>(patch);
    }

    private static JsonObject ObjectOf(JsonObject parent, string name)
    {
        if (parent[name] is not JsonObject found)
        {
            parent[name] = found = [];
        }

        return found;
    }

    private static JsonNode? InOrder(JsonNode? node) => node switch
    {
        JsonObject members => new JsonObject(members.OrderBy(member => member.Key, StringComparer.Ordinal)
            .Select(member => KeyValuePair.Create(member.Key, InOrder(member.Value)))),
        JsonArray items => new JsonArray([.. items.Select(InOrder)]),
        _ => node?.DeepClone(),
    };

    /// <summary>The template as it was; null when the data is not ours.</summary>
    public static PodTemplateSpec? TemplateOf(JsonElement? data)
    {
        if (data is not { ValueKind: JsonValueKind.Object } root || !root.TryGetProperty("spec", out var spec) || spec.ValueKind != JsonValueKind.Object
            || !spec.TryGetProperty("template", out var template) || template.ValueKind != JsonValueKind.Object)
        {
            return null;
        }

        var node = JsonObject.Create(template)!;
        node.Remove("$patch");
        try
        {
            return KubeJson.Deserialize<PodTemplateSpec>(node);
        }
        catch (JsonException)
        {
            // A client may have written anything there.
            return null;
        }
    }
}
