using System.Text.Json.Nodes;
using Coxswain.Api.Json;

namespace Coxswain.Api.Defaulting;

/// <summary>The computed defaults of Services.</summary>
internal static class ServiceDefaults
{
    private const long SessionAffinitySeconds = 10800;

    public static void Service(JsonObject node)
    {
        var spec = node.ObjectOrNew("spec");
        var type = spec.Text("type");
        if (spec.Text("sessionAffinity") == "ClientIP")
        {
            spec.ObjectOrNew("sessionAffinityConfig").ObjectOrNew("clientIP").SetDefault("timeoutSeconds", SessionAffinitySeconds);
        }
        else
        {
            spec.Remove("sessionAffinityConfig");
        }

        if (type is "NodePort" or "LoadBalancer" || (type == "ClusterIP" && spec.Array("externalIPs") is { Count: > 0 }))
        {
            spec.SetDefault("externalTrafficPolicy", "Cluster");
        }

        if (type == "ExternalName")
        {
            return;
        }

        spec.SetDefault("internalTrafficPolicy", "Cluster");
        spec.SetDefault("ipFamilyPolicy", "SingleStack");
        if (spec.Array("ipFamilies") is not { Count: > 0 })
        {
            spec["ipFamilies"] = new JsonArray("IPv4");
        }

        if (type == "LoadBalancer")
        {
            spec.SetDefault("allocateLoadBalancerNodePorts", true);
        }
    }

    public static void Port(JsonObject node)
    {
        var target = node["targetPort"];
        if (target is null || (target.TryText(out var text) && text.Length == 0) || (target.TryInteger(out var number) && number == 0))
        {
            node["targetPort"] = node.Integer("port") ?? 0;
        }
    }
}
