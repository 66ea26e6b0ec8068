using System.Text.Json.Nodes;
using Coxswain.Api;
using Coxswain.Api.Json;

namespace Coxswain.Testing.Client;

/// <summary>What <see cref="FakeKubeClient"/> does to objects of any kind, on their JSON.</summary>
internal static class ObjectDocuments
{
    public static JsonObject Parse(IKubeObject obj) => JsonNode.Parse(KubeJson.Serialize(obj))!.AsObject();

    /// <summary>The updated object with the part of the old one that the (sub)resource does not own.</summary>
    public static JsonObject Replace(JsonObject old, JsonObject updated, string subresource)
    {
        var result = (JsonObject)(subresource == "status" ? old : updated).DeepClone();
        if (subresource == "status")
        {
            Copy(updated, result, "status");
        }
        else if (subresource.Length == 0)
        {
            Copy(old, result, "status");
        }

        return result;
    }

    /// <summary>RFC 7386.</summary>
    public static JsonNode? Merge(JsonNode? target, JsonNode? patch)
    {
        if (patch is not JsonObject changes)
        {
            return patch?.DeepClone();
        }

        var result = target is JsonObject known ? (JsonObject)known.DeepClone() : [];
        foreach (var (name, value) in changes)
        {
            if (value is null)
            {
                result.Remove(name);
            }
            else
            {
                result[name] = Merge(result[name], value);
            }
        }

        return result;
    }

    private static void Copy(JsonObject from, JsonObject to, string name)
    {
        to.Remove(name);
        if (from[name] is { } value)
        {
            to[name] = value.DeepClone();
        }
    }
}
