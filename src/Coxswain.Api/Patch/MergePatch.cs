using System.Text.Json.Nodes;
using Coxswain.Api.Json;

namespace Coxswain.Api.Patch;

/// <summary>JSON Merge Patch (RFC 7386).</summary>
public static class MergePatch
{
    /// <summary>The target with the patch applied; neither is changed.</summary>
    public static JsonNode? Apply(JsonNode? target, JsonNode? patch)
    {
        if (patch is not JsonObject changes)
        {
            return patch?.DeepClone();
        }

        var result = target is JsonObject properties ? (JsonObject)properties.DeepClone() : [];
        ApplyTo(result, changes);
        return result;
    }

    /// <summary>The patch that turns one object into the other. A null inside the target cannot be expressed.</summary>
    public static JsonObject Diff(JsonObject from, JsonObject to)
    {
        var patch = new JsonObject();
        foreach (var (name, _) in from)
        {
            if (!to.ContainsKey(name))
            {
                patch[name] = null;
            }
        }

        foreach (var (name, value) in to)
        {
            if (!from.TryGetPropertyValue(name, out var old))
            {
                patch[name] = value?.DeepClone();
            }
            else if (!JsonNode.DeepEquals(old, value))
            {
                patch[name] = old is JsonObject before && value is JsonObject after ? Diff(before, after) : value?.DeepClone();
            }
        }

        return patch;
    }

    private static void ApplyTo(JsonObject target, JsonObject patch)
    {
        foreach (var (name, change) in patch)
        {
            if (change is null)
            {
                target.Remove(name);
            }
            else if (change is JsonObject changes)
            {
                ApplyTo(target.ObjectOrNew(name), changes);
            }
            else
            {
                target[name] = change.DeepClone();
            }
        }
    }
}
