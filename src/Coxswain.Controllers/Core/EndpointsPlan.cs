using Coxswain.Api.Core.V1;
using Coxswain.Api.Meta.V1;

namespace Coxswain.Controllers.Core;

/// <summary>The Endpoints object of a Service, the older form of its EndpointSlices. Pure.</summary>
internal static class EndpointsPlan
{
    private const string Headless = "service.kubernetes.io/headless";
    private const string ManagedBy = "endpoints.kubernetes.io/managed-by";

    /// <summary>The object holds at most so many addresses and says so when there are more. As in Kubernetes.</summary>
    private const int MaxAddresses = 1000;

    public static Endpoints Compute(Service service, IReadOnlyList<ServiceBackend> backends, Endpoints? existing)
    {
        // A pod that has none of the Service's ports cannot be reached; a headless Service may do without ports.
        var listed = backends
            .Where(backend => !backend.IsTerminating || service.Spec.PublishNotReadyAddresses)
            .Where(backend => backend.Ports.Count > 0 || service.Spec.Ports.Count == 0)
            .ToList();
        var subsets = listed
            .OrderByDescending(backend => backend.IsReady)
            .Take(MaxAddresses)
            .GroupBy(backend => string.Join('|', backend.Ports), StringComparer.Ordinal)
            .OrderBy(group => group.Key, StringComparer.Ordinal)
            .Select(group => new EndpointSubset
            {
                Addresses = [.. AddressesOf(service, group.Where(backend => backend.IsReady))],
                NotReadyAddresses = [.. AddressesOf(service, group.Where(backend => !backend.IsReady))],
                Ports = [.. group.First().Ports.Select(port => new EndpointPort { Name = port.Name, Port = port.Port, Protocol = port.Protocol, AppProtocol = port.AppProtocol })],
            });
        var labels = new Dictionary<string, string>(service.Metadata.Labels, StringComparer.Ordinal) { [ManagedBy] = "endpoint-controller" };
        labels.Remove(Headless);
        if (ServiceEndpoints.IsHeadless(service))
        {
            labels[Headless] = "";
        }

        var metadata = existing?.Metadata ?? ObjectMeta.Empty with { Name = service.Metadata.Name, Namespace = service.Metadata.Namespace };
        var annotations = listed.Count > MaxAddresses
            ? new Dictionary<string, string>(metadata.Annotations, StringComparer.Ordinal) { ["endpoints.kubernetes.io/over-capacity"] = "truncated" }
            : metadata.Annotations;
        return new Endpoints { Metadata = metadata with { Labels = labels, Annotations = annotations }, Subsets = [.. subsets] };
    }

    private static IEnumerable<EndpointAddress> AddressesOf(Service service, IEnumerable<ServiceBackend> backends) => backends
        .Select(backend => new EndpointAddress
        {
            Ip = backend.Address,
            Hostname = backend.Pod.Spec.Hostname.Length > 0 && backend.Pod.Spec.Subdomain == service.Metadata.Name ? backend.Pod.Spec.Hostname : "",
            NodeName = backend.Pod.Spec.NodeName.Length > 0 ? backend.Pod.Spec.NodeName : null,
            TargetRef = new ObjectReference
            {
                Kind = "Pod", Namespace = backend.Pod.Metadata.Namespace, Name = backend.Pod.Metadata.Name, Uid = backend.Pod.Metadata.Uid,
            },
        })
        .OrderBy(address => address.Ip, StringComparer.Ordinal);
}
