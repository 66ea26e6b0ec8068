using Coxswain.Api.Core.V1;
using Coxswain.Api.Discovery.V1;
using Coxswain.Api.Meta.V1;
using EndpointPort = Coxswain.Api.Discovery.V1.EndpointPort;

namespace Coxswain.Controllers.Core;

/// <summary>The EndpointSlices to write so that a Service's backends are listed, each where it was if it can stay there. Pure.</summary>
internal sealed record EndpointSlicePlan(
    IReadOnlyList<EndpointSlice> Create, IReadOnlyList<EndpointSlice> Update, IReadOnlyList<EndpointSlice> Delete)
{
    public const string ServiceName = "kubernetes.io/service-name";
    public const string ManagedBy = "endpointslice.kubernetes.io/managed-by";
    public const string Manager = "endpointslice-controller.k8s.io";
    private const string Headless = "service.kubernetes.io/headless";
    private const int MaxEndpoints = 100;

    /// <param name="existing">The slices of this Service that this controller manages.</param>
    /// <param name="zoneOf">A node's zone by its name; null when it has none.</param>
    public static EndpointSlicePlan Compute(
        Service service, IReadOnlyList<ServiceBackend> backends, IReadOnlyList<EndpointSlice> existing, Func<string, string?> zoneOf)
    {
        var create = new List<EndpointSlice>();
        var update = new List<EndpointSlice>();
        var unused = existing.OrderBy(slice => slice.Metadata.Name, StringComparer.Ordinal).ToList();
        var groups = backends.GroupBy(backend => (Type: AddressType(backend.Address), Ports: PortsKey(backend.Ports)))
            .OrderBy(group => group.Key.Type, StringComparer.Ordinal).ThenBy(group => group.Key.Ports, StringComparer.Ordinal).ToList();
        foreach (var group in groups)
        {
            var ports = PortsOf(group.First());
            var own = unused.Where(slice => slice.AddressType == group.Key.Type && slice.Ports.SequenceEqual(ports)).ToList();
            unused.RemoveAll(own.Contains);
            Fill(service, group.Key.Type, ports, [.. group.Select(backend => EndpointOf(service, backend, zoneOf))], own, create, update, unused);
        }

        if (groups.Count == 0)
        {
            // A Service without a backend still has a slice, so that it can be told from one nobody has looked at.
            var type = service.Spec.IpFamilies is [IPFamily.IPv6, ..] ? "IPv6" : "IPv4";
            var kept = unused.Find(slice => slice.AddressType == type);
            if (kept is null)
            {
                create.Add(Make(service, type, [], []));
            }
            else
            {
                unused.Remove(kept);
                AddIfChanged(update, kept, Labelled(service, kept with { Endpoints = [], Ports = [] }));
            }
        }

        return new EndpointSlicePlan(create, update, unused);
    }

    private static void Fill(
        Service service, string type, IReadOnlyList<EndpointPort> ports, List<Endpoint> wanted, List<EndpointSlice> own,
        List<EndpointSlice> create, List<EndpointSlice> update, List<EndpointSlice> unused)
    {
        var left = wanted.ToDictionary(Key);
        var kept = own.Select(slice => (Slice: slice, Endpoints: new List<Endpoint>())).ToList();
        foreach (var (slice, endpoints) in kept)
        {
            foreach (var endpoint in slice.Endpoints)
            {
                if (left.Remove(Key(endpoint), out var current))
                {
                    endpoints.Add(current);
                }
            }
        }

        var added = new Queue<Endpoint>(wanted.Where(endpoint => left.ContainsKey(Key(endpoint))));
        foreach (var (slice, endpoints) in kept)
        {
            while (endpoints.Count < MaxEndpoints && added.TryDequeue(out var endpoint))
            {
                endpoints.Add(endpoint);
            }

            if (endpoints.Count == 0)
            {
                unused.Add(slice);
            }
            else
            {
                AddIfChanged(update, slice, Labelled(service, slice with { Endpoints = endpoints }));
            }
        }

        foreach (var chunk in added.Chunk(MaxEndpoints))
        {
            create.Add(Make(service, type, ports, chunk));
        }
    }

    private static void AddIfChanged(List<EndpointSlice> update, EndpointSlice before, EndpointSlice after)
    {
        if (!after.Equals(before))
        {
            update.Add(after);
        }
    }

    private static EndpointSlice Make(Service service, string type, IReadOnlyList<EndpointPort> ports, IReadOnlyList<Endpoint> endpoints) =>
        Labelled(service, new EndpointSlice
        {
            Metadata = ObjectMeta.Empty with
            {
                GenerateName = $"{service.Metadata.Name}-",
                Namespace = service.Metadata.Namespace,
                OwnerReferences = [OwnerReferences.ToController(service)],
            },
            AddressType = type,
            Ports = ports,
            Endpoints = endpoints,
        });

    private static EndpointSlice Labelled(Service service, EndpointSlice slice)
    {
        var labels = new Dictionary<string, string>(service.Metadata.Labels, StringComparer.Ordinal)
        {
            [ServiceName] = service.Metadata.Name,
            [ManagedBy] = Manager,
        };
        labels.Remove(Headless);
        if (ServiceEndpoints.IsHeadless(service))
        {
            labels[Headless] = "";
        }

        return slice with { Metadata = slice.Metadata with { Labels = labels } };
    }

    private static Endpoint EndpointOf(Service service, ServiceBackend backend, Func<string, string?> zoneOf)
    {
        var pod = backend.Pod;
        var hasName = pod.Spec.Hostname.Length > 0 && pod.Spec.Subdomain == service.Metadata.Name;
        return new Endpoint
        {
            Addresses = [backend.Address],
            Conditions = new EndpointConditions { Ready = backend.IsReady, Serving = backend.IsServing, Terminating = backend.IsTerminating },
            Hostname = hasName ? pod.Spec.Hostname : null,
            NodeName = pod.Spec.NodeName.Length > 0 ? pod.Spec.NodeName : null,
            Zone = zoneOf(pod.Spec.NodeName),
            TargetRef = new ObjectReference { Kind = "Pod", Namespace = pod.Metadata.Namespace, Name = pod.Metadata.Name, Uid = pod.Metadata.Uid },
        };
    }

    private static IReadOnlyList<EndpointPort> PortsOf(ServiceBackend backend) =>
        [.. backend.Ports.Select(port => new EndpointPort { Name = port.Name, Protocol = port.Protocol, Port = port.Port, AppProtocol = port.AppProtocol })];

    private static string PortsKey(IReadOnlyList<ResolvedPort> ports) => string.Join('|', ports);

    private static string AddressType(string address) => address.Contains(':', StringComparison.Ordinal) ? "IPv6" : "IPv4";

    private static (string Address, string? Uid) Key(Endpoint endpoint) => (endpoint.Addresses[0], endpoint.TargetRef?.Uid);
}
