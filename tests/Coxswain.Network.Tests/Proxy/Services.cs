using Coxswain.Api.Core.V1;
using Coxswain.Api.Discovery.V1;
using Coxswain.Api.Meta.V1;
using Endpoint = Coxswain.Api.Discovery.V1.Endpoint;
using EndpointPort = Coxswain.Api.Discovery.V1.EndpointPort;

namespace Coxswain.Network.Tests.Proxy;

/// <summary>Short ways to write the objects these tests need.</summary>
internal static class Services
{
    public static Service Of(string name, string clusterIP, params ServicePort[] ports) => Service.Empty with
    {
        Metadata = ObjectMeta.Empty with { Namespace = "default", Name = name },
        Spec = ServiceSpec.Empty with { Type = ServiceType.ClusterIP, ClusterIP = clusterIP, ClusterIPs = [clusterIP], Ports = ports },
    };

    public static ServicePort Port(int port, string protocol = Protocol.TCP, string name = "", int nodePort = 0) =>
        ServicePort.Empty with { Name = name, Port = port, Protocol = protocol, NodePort = nodePort };

    public static Service AsNodePort(this Service service) => service with { Spec = service.Spec with { Type = ServiceType.NodePort } };

    public static Service WithAffinity(this Service service, int seconds) => service with
    {
        Spec = service.Spec with
        {
            SessionAffinity = ServiceAffinity.ClientIP,
            SessionAffinityConfig = SessionAffinityConfig.Empty with { ClientIP = ClientIPConfig.Empty with { TimeoutSeconds = seconds } },
        },
    };

    public static EndpointSlice Slice(string service, int port, params string[] addresses) =>
        Slice(service, port, Protocol.TCP, [.. addresses.Select(address => Ready(address))]);

    public static EndpointSlice Slice(string service, int port, string protocol, IReadOnlyList<Endpoint> endpoints, string portName = "") =>
        EndpointSlice.Empty with
        {
            Metadata = ObjectMeta.Empty with
            {
                Namespace = "default",
                Name = $"{service}-1",
                Labels = new Dictionary<string, string> { ["kubernetes.io/service-name"] = service },
            },
            AddressType = "IPv4",
            Ports = [EndpointPort.Empty with { Name = portName, Port = port, Protocol = protocol }],
            Endpoints = endpoints,
        };

    public static Endpoint Ready(string address, bool ready = true, string? hostname = null) => Endpoint.Empty with
    {
        Addresses = [address],
        Hostname = hostname,
        Conditions = EndpointConditions.Empty with { Ready = ready },
    };
}
