using System.Net;
using System.Net.Sockets;
using Coxswain.Api.Core.V1;
using Coxswain.Api.Discovery.V1;
using Coxswain.Api.Validation;
using Coxswain.Network.Ranges;

namespace Coxswain.Network.Proxy;

/// <summary>Decides what a Service and its EndpointSlices mean for the rules. Pure.</summary>
internal sealed class ServicePlanner(ServiceProxySettings options)
{
    private const int FirstNodePort = 30000;
    private const int LastNodePort = 32767;
    private const int DefaultAffinitySeconds = 10800;
    private const string Local = "Local";

    /// <summary>The ports a Service wants on every address of the node, by protocol.</summary>
    public static IEnumerable<(string Protocol, int Port)> NodePorts(Service service) =>
        IsProxied(service) && service.Spec.Type is ServiceType.NodePort or ServiceType.LoadBalancer
            ? service.Spec.Ports.Where(port => port.NodePort != 0).Select(port => (Protocol(port), port.NodePort))
            : [];

    /// <summary>The addresses a Service asks for that are not a user's to give: of the node, of other Services, or special ones.</summary>
    public IReadOnlyList<IPAddress> Refused(Service service) => IsProxied(service) ? 
        [.. ExternalAddresses(service).Where(address => service.Spec.Ports.Any(port => IsReserved(address, port.Port))), .. BalancerAddresses(service).Where(address => !IsOfBalancers(address))] : [];

    /// <summary>The port at which a load balancer asks for the Service's health, 0 for none, and how many endpoints this node has of it.</summary>
    public (int Port, int Endpoints) Health(Service service, IReadOnlyList<EndpointSlice> slices) =>
        IsProxied(service) && service.Spec.Type == ServiceType.LoadBalancer && service.Spec.ExternalTrafficPolicy == Local && service.Spec.Ports.Count > 0
            ? (service.Spec.HealthCheckNodePort, PortEndpoints.Of(service.Spec.Ports[0], slices).Usable(options.NodeName.Length > 0 ? options.NodeName : null).Count)
            : (0, 0);

    /// <param name="previous">The Service's plan before, whose slots are kept where they can be.</param>
    /// <param name="onLoopback">Those of <see cref="NodePorts"/> that may be served on 127.0.0.1; null for all.</param>
    public ServicePlan Plan(
        Service service, IReadOnlyList<EndpointSlice> slices, ServicePlan previous,
        IReadOnlySet<(string Protocol, int Port)>? onLoopback = null)
    {
        if (!IsProxied(service))
        {
            return ServicePlan.Empty;
        }

        var elements = new HashSet<RuleElement>();
        var slots = new Dictionary<string, IReadOnlyList<string>>(StringComparer.Ordinal);
        var affinitySeconds = AffinitySeconds(service.Spec);
        foreach (var port in service.Spec.Ports)
        {
            var endpoints = PortEndpoints.Of(port, slices);
            IReadOnlyList<string> Slots(string policy)
            {
                var isLocal = policy == Local && options.NodeName.Length > 0;
                var key = $"{port.Protocol}/{port.Port}{(isLocal ? "/local" : "")}";
                if (!slots.TryGetValue(key, out var assigned))
                {
                    var before = previous.Slots.TryGetValue(key, out var known) ? known : [];
                    assigned = EndpointSlots.Assign(before, endpoints.Usable(isLocal ? options.NodeName : null));
                    slots.Add(key, assigned);
                }

                return assigned;
            }

            var inside = Slots(service.Spec.InternalTrafficPolicy ?? "");
            foreach (var address in InsideAddresses(service.Spec))
            {
                Add(elements, $"{address} . {Protocol(port)} . {port.Port}", address, inside, affinitySeconds);
            }

            var outside = Slots(service.Spec.ExternalTrafficPolicy);
            foreach (var address in BalancerAddresses(service).Where(IsOfBalancers))
            {
                var front = $"{address} . {Protocol(port)} . {port.Port}";
                Add(elements, front, address, outside, affinitySeconds);
                Restrict(elements, front, service.Spec.LoadBalancerSourceRanges);
            }

            foreach (var address in ExternalAddresses(service).Where(address => !IsReserved(address, port.Port)))
            {
                Add(elements, $"{address} . {Protocol(port)} . {port.Port}", address, outside, affinitySeconds);
            }

            if (port.NodePort != 0 && service.Spec.Type is ServiceType.NodePort or ServiceType.LoadBalancer)
            {
                var isHeld = onLoopback is null || onLoopback.Contains((Protocol(port), port.NodePort));
                foreach (var address in options.NodePortAddresses.Where(address => isHeld || !IPAddress.IsLoopback(address)))
                {
                    Add(elements, $"{address} . {Protocol(port)} . {port.NodePort}", address, outside, affinitySeconds);
                }
            }
        }

        return new ServicePlan([.. elements], slots);
    }

    /// <summary>Whoever may write a Service must not divert by it what others are reached at: the API, the DNS, other Services.</summary>
    private bool IsReserved(IPAddress address) =>
        options.RefusesWhole(address) || options.NodePortAddresses.Contains(address) || SpecialAddresses.WhyNot(address) is not null;

    /// <summary>
    /// At the node's own address a Service may be reached too, but not at a port that the node itself or another Service by its
    /// NodePort answers at.
    /// </summary>
    private bool IsReserved(IPAddress address, int port) =>
        options.NodePortAddresses.Contains(address) && SpecialAddresses.WhyNot(address) is null
            ? port is >= FirstNodePort and <= LastNodePort || options.NodePorts.Contains(port)
            : IsReserved(address);

    /// <summary>Their addresses are in the status, which users do not write; those of the pool are given to one Service each.</summary>
    private bool IsOfBalancers(IPAddress address) => options.LoadBalancerPool is { } pool && pool.Contains(address) || !IsReserved(address);

    private static void Restrict(HashSet<RuleElement> elements, string front, IReadOnlyList<string> sources)
    {
        if (sources.Count == 0)
        {
            return;
        }

        elements.Add(new RuleElement(RuleNames.Restricted, front, ""));
        foreach (var range in NumberRanges.Union(sources.Select(source => NumberRanges.OfBlock(source.Trim())).OfType<(uint, uint)>()))
        {
            elements.Add(new RuleElement(RuleNames.Sources, $"{front} . {NumberRanges.Addresses(range)}", ""));
        }
    }

    /// <summary>Not those without an address of their own, nor those that something on this node itself listens for.</summary>
    private static bool IsProxied(Service service) =>
        service.Spec.Type != ServiceType.ExternalName
        && service.Spec.ClusterIP is not ("" or "None")
        && !service.Metadata.Annotations.ContainsKey(NetworkAnnotations.ServedLocally);

    /// <summary>What makes one address and port lead to these endpoints.</summary>
    /// <param name="front"><c>address . protocol . port</c>.</param>
    internal void Add(HashSet<RuleElement> elements, string front, IPAddress address, IReadOnlyList<string> slots, int affinitySeconds)
    {
        if (slots.Count == 0)
        {
            // A node's own address refuses by itself, as nothing listens.
            if (!options.RefusesWhole(address) && !options.NodePortAddresses.Contains(address))
            {
                elements.Add(new RuleElement(RuleNames.Refused, front, ""));
            }

            return;
        }

        var chain = affinitySeconds > 0 ? RuleNames.Stay(slots.Count) : RuleNames.Pick(slots.Count);
        elements.Add(new RuleElement(RuleNames.Services, front, $"goto {chain}"));
        for (var slot = 0; slot < slots.Count; slot++)
        {
            var endpoint = slots[slot];
            elements.Add(new RuleElement(RuleNames.Endpoints(slot), front, endpoint));
            var endpointAddress = endpoint[..endpoint.IndexOf(' ')];
            elements.Add(new RuleElement(RuleNames.Hairpin, $"{endpointAddress} . {endpointAddress}", ""));
            if (affinitySeconds > 0)
            {
                elements.Add(new RuleElement(RuleNames.AffinityEndpoints, $"{front} . {endpoint}", ""));
            }
        }

        if (affinitySeconds > 0)
        {
            elements.Add(new RuleElement(RuleNames.AffinityServices, front, $"goto {RuleNames.Learn(affinitySeconds)}"));
        }
    }

    private static int AffinitySeconds(ServiceSpec spec) =>
        spec.SessionAffinity == ServiceAffinity.ClientIP
            ? spec.SessionAffinityConfig?.ClientIP?.TimeoutSeconds ?? DefaultAffinitySeconds
            : 0;

    private static IEnumerable<IPAddress> InsideAddresses(ServiceSpec spec) =>
        IPv4(spec.ClusterIPs.Count > 0 ? spec.ClusterIPs : [spec.ClusterIP]);

    private static IEnumerable<IPAddress> ExternalAddresses(Service service) => IPv4(service.Spec.ExternalIPs.Distinct(StringComparer.Ordinal));

    private static IEnumerable<IPAddress> BalancerAddresses(Service service) =>
        service.Spec.Type == ServiceType.LoadBalancer
            ? IPv4(service.Status.LoadBalancer.Ingress.Where(ingress => ingress.IpMode is null or "VIP").Select(ingress => ingress.Ip).Distinct(StringComparer.Ordinal))
            : [];

    private static IEnumerable<IPAddress> IPv4(IEnumerable<string> addresses) =>
        addresses.Select(text => IPAddress.TryParse(text, out var address) ? address : IPAddress.None)
            .Where(address => address.AddressFamily == AddressFamily.InterNetwork && !address.Equals(IPAddress.None));

    private static string Protocol(ServicePort port) => port.Protocol switch
    {
        Api.Core.V1.Protocol.UDP => "udp",
        Api.Core.V1.Protocol.SCTP => "sctp",
        _ => "tcp",
    };
}
