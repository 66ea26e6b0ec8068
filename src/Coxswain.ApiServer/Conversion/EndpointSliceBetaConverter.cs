using System.Text.Json.Nodes;
using Coxswain.Api.Json;
using Coxswain.ApiServer.Resources;

namespace Coxswain.ApiServer.Conversion;

/// <summary>discovery.k8s.io/v1beta1 keeps an endpoint's node and zone in one map with whatever else is known of its place.</summary>
internal sealed class EndpointSliceBetaConverter : IVersionConverter
{
    private const string HostLabel = "kubernetes.io/hostname";
    private const string ZoneLabel = "topology.kubernetes.io/zone";

    public JsonObject ToStored(JsonObject document)
    {
        foreach (var endpoint in Endpoints(document))
        {
            if (endpoint.Object("topology") is not { } topology)
            {
                continue;
            }

            endpoint.Remove("topology");
            if (endpoint.Text("nodeName").Length == 0)
            {
                topology.MoveTo(HostLabel, endpoint, "nodeName");
            }

            topology.Remove(HostLabel);
            topology.MoveTo(ZoneLabel, endpoint, "zone");
            if (topology.Count > 0)
            {
                endpoint["deprecatedTopology"] = topology;
            }
        }

        return document;
    }

    public JsonObject FromStored(JsonObject document)
    {
        foreach (var endpoint in Endpoints(document))
        {
            var topology = endpoint.Object("deprecatedTopology") ?? [];
            endpoint.Remove("deprecatedTopology");
            endpoint.MoveTo("zone", topology, ZoneLabel);
            if (endpoint.Text("nodeName") is { Length: > 0 } node)
            {
                topology[HostLabel] = node;
            }

            if (topology.Count > 0)
            {
                endpoint["topology"] = topology;
            }
        }

        return document;
    }

    private static IEnumerable<JsonObject> Endpoints(JsonObject document) => (document.Array("endpoints") ?? []).OfType<JsonObject>();
}
