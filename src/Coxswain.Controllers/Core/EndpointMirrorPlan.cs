using System.Globalization;
using Coxswain.Api.Core.V1;
using Coxswain.Api.Discovery.V1;
using Coxswain.Api.Json;
using Coxswain.Api.Meta.V1;
using SlicePort = Coxswain.Api.Discovery.V1.EndpointPort;

namespace Coxswain.Controllers.Core;

/// <summary>
/// The EndpointSlices of Endpoints that somebody else wrote, for a Service without a selector
/// (https://kubernetes.io/docs/concepts/services-networking/endpoint-slices/#endpointslice-mirroring). Pure.
/// </summary>
internal static class EndpointMirrorPlan
{
    public const string Manager = "endpointslicemirroring-controller.k8s.io";

    private const string SkipLabel = "endpointslice.kubernetes.io/skip-mirror";
    private const string LeaderAnnotation = "control-plane.alpha.kubernetes.io/leader";

    /// <summary>Addresses of one subset beyond so many are not mirrored. As in Kubernetes.</summary>
    private const int MaxEndpoints = 1000;

    /// <summary>Whether the Endpoints are a user's, and to be mirrored.</summary>
    public static bool IsWanted(Endpoints endpoints, Service? service) =>
        endpoints.Metadata.DeletionTimestamp is null
        && service is { Metadata.DeletionTimestamp: null, Spec.Selector.Count: 0 } && service.Spec.Type != ServiceType.ExternalName
        && endpoints.Metadata.Labels.GetValueOrDefault(SkipLabel) != "true"
        && !endpoints.Metadata.Annotations.ContainsKey(LeaderAnnotation);

    /// <summary>Named after their place, so that each is written over and none is made twice.</summary>
    public static IEnumerable<EndpointSlice> Slices(Endpoints endpoints)
    {
        var labels = new Dictionary<string, string>(endpoints.Metadata.Labels, StringComparer.Ordinal)
        {
            [EndpointSlicePlan.ServiceName] = endpoints.Metadata.Name,
            [EndpointSlicePlan.ManagedBy] = Manager,
        };
        for (var i = 0; i < endpoints.Subsets.Count; i++)
        {
            var subset = endpoints.Subsets[i];
            var all = subset.Addresses.Select(address => EndpointOf(address, isReady: true))
                .Concat(subset.NotReadyAddresses.Select(address => EndpointOf(address, isReady: false))).Take(MaxEndpoints);
            foreach (var family in all.GroupBy(endpoint => endpoint.Addresses[0].Contains(':', StringComparison.Ordinal) ? "IPv6" : "IPv4"))
            {
                var place = i.ToString(CultureInfo.InvariantCulture);
                yield return new EndpointSlice
                {
                    Metadata = ObjectMeta.Empty with
                    {
                        Name = $"{endpoints.Metadata.Name}-{family.Key.ToLowerInvariant()}-{place}",
                        Namespace = endpoints.Metadata.Namespace,
                        Labels = labels,
                        OwnerReferences = [OwnerReferences.ToController(endpoints)],
                    },
                    AddressType = family.Key,
                    Endpoints = [.. family],
                    Ports =
                    [
                        .. subset.Ports.Select(port => new SlicePort { Name = port.Name, Port = port.Port, Protocol = port.Protocol, AppProtocol = port.AppProtocol }),
                    ],
                };
            }
        }
    }

    /// <summary>Says the same, whatever the server has added.</summary>
    public static bool IsSame(EndpointSlice wanted, EndpointSlice there) =>
        KubeEquality.Equal(wanted.Endpoints, there.Endpoints, (left, right) => left.Equals(right))
        && KubeEquality.Equal(wanted.Ports, there.Ports, (left, right) => left.Equals(right))
        && KubeEquality.Equal(wanted.Metadata.Labels, there.Metadata.Labels, (left, right) => left == right);

    private static Endpoint EndpointOf(EndpointAddress address, bool isReady) => new()
    {
        Addresses = [address.Ip],
        Conditions = new EndpointConditions { Ready = isReady },
        Hostname = address.Hostname.Length > 0 ? address.Hostname : null,
        NodeName = address.NodeName,
        TargetRef = address.TargetRef,
    };
}
