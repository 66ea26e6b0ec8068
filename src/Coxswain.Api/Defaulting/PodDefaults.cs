using System.Text.Json.Nodes;
using Coxswain.Api.Json;

namespace Coxswain.Api.Defaulting;

/// <summary>The computed defaults of Pods and pod templates.</summary>
internal static class PodDefaults
{
    private static readonly string[] VolumeFields = ["name"];

    /// <summary>What a Pod gets but a template does not.</summary>
    public static void Pod(JsonObject node)
    {
        var spec = node.ObjectOrNew("spec");
        foreach (var container in Containers(spec))
        {
            container.Object("resources")?.Copy("limits", "requests");
        }
    }

    public static void PodSpec(JsonObject node)
    {
        // The old name of the field is kept in step with the new one.
        var account = node.Text("serviceAccountName") is { Length: > 0 } name ? name : node.Text("serviceAccount");
        if (account.Length > 0)
        {
            node["serviceAccountName"] = account;
            node["serviceAccount"] = account;
        }

        if (node.Truth("hostNetwork") != true)
        {
            return;
        }

        foreach (var port in Containers(node).SelectMany(container => container.Array("ports")?.OfType<JsonObject>() ?? []))
        {
            if (port.Integer("hostPort") is null or 0 && port.Integer("containerPort") is { } number)
            {
                port["hostPort"] = number;
            }
        }
    }

    public static void Container(JsonObject node)
    {
        if (node.Text("imagePullPolicy").Length == 0)
        {
            node["imagePullPolicy"] = IsLatest(node.Text("image")) ? "Always" : "IfNotPresent";
        }
    }

    /// <summary>A volume without a source is an empty directory.</summary>
    public static void Volume(JsonObject node)
    {
        if (node.Object("image") is { } image && image.Text("pullPolicy").Length == 0)
        {
            image["pullPolicy"] = IsLatest(image.Text("reference")) ? "Always" : "IfNotPresent";
        }

        foreach (var (name, value) in node)
        {
            if (value is not null && !VolumeFields.Contains(name))
            {
                return;
            }
        }

        node["emptyDir"] = new JsonObject();
    }

    /// <summary>An image without tag and digest means <c>latest</c>.</summary>
    internal static bool IsLatest(string image)
    {
        if (image.Contains('@', StringComparison.Ordinal))
        {
            return false;
        }

        var colon = image.LastIndexOf(':');
        return colon < 0 || image.IndexOf('/', colon) >= 0 || image.AsSpan(colon + 1).SequenceEqual("latest");
    }

    private static IEnumerable<JsonObject> Containers(JsonObject spec) =>
        (spec.Array("initContainers")?.OfType<JsonObject>() ?? []).Concat(spec.Array("containers")?.OfType<JsonObject>() ?? []);
}
