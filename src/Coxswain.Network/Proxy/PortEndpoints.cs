using System.Net;
using System.Net.Sockets;
using Coxswain.Api.Core.V1;
using Coxswain.Api.Discovery.V1;

namespace Coxswain.Network.Proxy;

/// <summary>The endpoints behind one port of a Service, as <c>address . port</c>.</summary>
internal sealed class PortEndpoints
{
    private readonly List<(string Endpoint, string? NodeName, bool IsReady)> _endpoints = [];

    public static PortEndpoints Of(ServicePort port, IReadOnlyList<EndpointSlice> slices)
    {
        var found = new PortEndpoints();
        foreach (var slice in slices)
        {
            if (slice.AddressType != "IPv4")
            {
                continue;
            }

            foreach (var slicePort in slice.Ports)
            {
                if ((slicePort.Name ?? "") == port.Name && SameProtocol(slicePort.Protocol, port.Protocol) && slicePort.Port is { } number)
                {
                    found.Add(slice.Endpoints, number);
                }
            }
        }

        return found;
    }

    /// <summary>
    /// The ready ones, sorted; or, when there is none, those that end but still serve, as kube-proxy does: better than
    /// refusing while the last pod of a Service is being replaced.
    /// </summary>
    /// <param name="nodeName">Only endpoints of that node; null for all.</param>
    public IReadOnlyList<string> Usable(string? nodeName)
    {
        var here = nodeName is null ? _endpoints : _endpoints.Where(endpoint => endpoint.NodeName == nodeName).ToList();
        var isAnyReady = here.Any(endpoint => endpoint.IsReady);
        return
        [
            .. here.Where(endpoint => endpoint.IsReady == isAnyReady)
                .Select(endpoint => endpoint.Endpoint)
                .Distinct(StringComparer.Ordinal)
                .Order(StringComparer.Ordinal),
        ];
    }

    private void Add(IReadOnlyList<Endpoint> endpoints, int port)
    {
        foreach (var endpoint in endpoints)
        {
            var isReady = endpoint.Conditions.Ready ?? true;
            var endsButServes = endpoint.Conditions.Terminating == true && endpoint.Conditions.Serving == true;
            if ((isReady || endsButServes)
                && endpoint.Addresses.Count > 0
                && IPAddress.TryParse(endpoint.Addresses[0], out var address)
                && address.AddressFamily == AddressFamily.InterNetwork)
            {
                _endpoints.Add(($"{address} . {port}", endpoint.NodeName, isReady));
            }
        }
    }

    private static bool SameProtocol(string? slice, string service) =>
        (string.IsNullOrEmpty(slice) ? Protocol.TCP : slice) == (service.Length == 0 ? Protocol.TCP : service);
}
