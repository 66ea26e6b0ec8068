using System.Globalization;
using Coxswain.Api.Core.V1;
using Coxswain.Api.Discovery.V1;
using Coxswain.Api.Errors;
using Coxswain.Api.Json;
using Coxswain.Store;

namespace Coxswain.ApiServer.Http.Tunnels;

/// <summary>Finds the place that a name below a <c>proxy</c> subresource, or a pod's node, stands for.</summary>
internal sealed class ProxyTargets(IStore store, Random random)
{
    private const string ServiceLabel = "kubernetes.io/service-name";
    private const int KubeletPort = 10250;

    /// <summary>Of the container port that is named, or else of the first there is.</summary>
    public async ValueTask<string> PodAsync(string ns, string id, CancellationToken cancellationToken)
    {
        var name = SchemeNamePort.TryParse(id) ?? throw Bad($"invalid pod request \"{id}\"");
        var pod = await FindPodAsync(ns, name.Name, cancellationToken);
        var port = name.Port.Length > 0 ? PortOf(name.Port, $"invalid pod request \"{id}\"")
            : pod.Spec.Containers.SelectMany(container => container.Ports).FirstOrDefault()?.ContainerPortValue ?? 0;
        return ProxyAddress.Base(name.Scheme, pod.Status.PodIP, port);
    }

    /// <summary>One of the ready endpoints behind the port of that name or number.</summary>
    public async ValueTask<string> ServiceAsync(string ns, string id, CancellationToken cancellationToken)
    {
        var name = SchemeNamePort.TryParse(id) ?? throw Bad($"invalid service request \"{id}\"");
        var entry = await store.GetAsync($"/registry/core/services/{ns}/{name.Name}", cancellationToken)
            ?? throw new KubeStatusException(Statuses.NotFound("services", name.Name));
        var portName = PortName(KubeJson.Deserialize<Service>(entry.Value.Span), name.Port);
        var ready = await EndpointsAsync(ns, name.Name, portName, cancellationToken);
        if (ready.Count == 0)
        {
            throw new KubeStatusException(Statuses.ServiceUnavailable($"no endpoints available for service \"{id}\""));
        }

        var (address, port) = ready[random.Next(ready.Count)];
        return ProxyAddress.Base(name.Scheme, address, port);
    }

    /// <summary>The node's own endpoint, where its object says it is.</summary>
    public async ValueTask<string> NodeEndpointAsync(string name, CancellationToken cancellationToken)
    {
        var (address, port) = await FindNodeAsync(name, cancellationToken);
        return ProxyAddress.Format("https", address, port);
    }

    /// <param name="id">A node's name, perhaps with the port of something else that listens there.</param>
    public async ValueTask<(string Target, bool IsEndpoint)> NodeAsync(string id, CancellationToken cancellationToken)
    {
        var parsed = SchemeNamePort.TryParse(id) ?? throw Bad($"invalid node request \"{id}\"");
        var (address, own) = await FindNodeAsync(parsed.Name, cancellationToken);
        var port = parsed.Port.Length > 0 ? PortOf(parsed.Port, $"invalid node request \"{id}\"") : own;
        return (ProxyAddress.Base(port == own ? "https" : parsed.Scheme, address, port), port == own);
    }

    public async ValueTask<Pod> FindPodAsync(string ns, string name, CancellationToken cancellationToken)
    {
        var entry = await store.GetAsync($"/registry/core/pods/{ns}/{name}", cancellationToken)
            ?? throw new KubeStatusException(Statuses.NotFound("pods", name));
        return KubeJson.Deserialize<Pod>(entry.Value.Span);
    }

    private async ValueTask<(string Address, int Port)> FindNodeAsync(string name, CancellationToken cancellationToken)
    {
        var entry = await store.GetAsync($"/registry/core/nodes/{name}", cancellationToken)
            ?? throw new KubeStatusException(Statuses.NotFound("nodes", name));
        var node = KubeJson.Deserialize<Coxswain.Api.Core.V1.Node>(entry.Value.Span);
        var address = node.Status.Addresses.FirstOrDefault(item => item.Type == "InternalIP")?.Address
            ?? throw new KubeStatusException(Statuses.InternalError(
                $"no preferred addresses found for node \"{name}\"; known addresses: []"));
        return (address, node.Status.DaemonEndpoints?.KubeletEndpoint?.Port is > 0 and var known ? known : KubeletPort);
    }

    /// <summary>A number stands for the port of that number; a name for itself.</summary>
    private static string PortName(Service service, string port) =>
        !int.TryParse(port, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? port
        : service.Spec.Ports.FirstOrDefault(item => item.Port == number)?.Name
            ?? throw new KubeStatusException(Statuses.ServiceUnavailable($"no service port {number} found for service \"{service.Metadata.Name}\""));

    /// <summary>Without slices, what the older kind says: it may have been written by hand.</summary>
    private async ValueTask<List<(string Address, int Port)>> EndpointsAsync(string ns, string service, string portName, CancellationToken cancellationToken)
    {
        var list = await store.ListAsync(new ListQuery($"/registry/discovery.k8s.io/endpointslices/{ns}/"), cancellationToken);
        List<EndpointSlice> slices = [.. list.Entries.Select(entry => KubeJson.Deserialize<EndpointSlice>(entry.Value.Span))
            .Where(slice => slice.Metadata.Labels.GetValueOrDefault(ServiceLabel) == service)];
        if (slices.Count > 0)
        {
            return [.. from slice in slices
                from port in slice.Ports
                where (port.Name ?? "") == portName && port.Port > 0
                from endpoint in slice.Endpoints
                where endpoint.Conditions?.Ready ?? true
                from address in endpoint.Addresses.Take(1)
                select (address, port.Port ?? 0)];
        }

        var entry = await store.GetAsync($"/registry/core/endpoints/{ns}/{service}", cancellationToken);
        return entry is null ? [] : [.. from subset in KubeJson.Deserialize<Endpoints>(entry.Value.Span).Subsets
            from port in subset.Ports
            where port.Name == portName
            from address in subset.Addresses
            select (address.Ip, port.Port)];
    }

    private static int PortOf(string text, string failure) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var port) && port is > 0 and <= ushort.MaxValue ? port : throw Bad(failure);

    private static KubeStatusException Bad(string message) => new(Statuses.BadRequest(message));
}
