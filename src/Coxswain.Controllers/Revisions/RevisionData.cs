using System.Text.Json;
using System.Text.Json.Nodes;
using Coxswain.Api.Core.V1;
using Coxswain.Api.Json;

namespace Coxswain.Controllers.Revisions;

/// <summary>
/// What a ControllerRevision holds: a strategic merge patch that gives its owner the template back, which is how
/// <c>kubectl rollout undo</c> uses it.
/// </summary>
internal static class RevisionData
{
    public static JsonElement Of(PodTemplateSpec template)
    {
        var node = JsonNode.Parse(KubeJson.Serialize(template))!.AsObject();
        node["$patch"] = "replace";
        var patch = new JsonObject { ["spec"] = new JsonObject { ["template"] = node } };
        return JsonSerializer.SerializeToElement<JsonNode>(patch);
    }

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
