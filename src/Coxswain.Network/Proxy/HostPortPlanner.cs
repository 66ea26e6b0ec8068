using System.Net;
using Coxswain.Api.Core.V1;
using Coxswain.Client;

namespace Coxswain.Network.Proxy;

/// <summary>Decides what the host ports of a Pod mean for the rules: each is like a NodePort with that Pod behind it. Pure.</summary>
internal sealed class HostPortPlanner(ServiceProxySettings options, ServicePlanner services)
{
    /// <summary>No Service has such a name.</summary>
    private const string Prefix = "pod/";

    public static NamespacedName KeyOf(Pod pod) => new(pod.Metadata.Namespace, Prefix + pod.Metadata.Name);

    /// <summary>The Pod that a key of <see cref="KeyOf"/> stands for; null for a Service's.</summary>
    public static NamespacedName? PodOf(NamespacedName key) =>
        key.Name.StartsWith(Prefix, StringComparison.Ordinal) ? new NamespacedName(key.Namespace, key.Name[Prefix.Length..]) : null;

    /// <summary>Whether it has any, used or not.</summary>
    public static bool HasAny(Pod? pod) => pod is not null && !pod.Spec.HostNetwork && All(pod).Any();

    /// <summary>The ports it wants on 127.0.0.1, by protocol.</summary>
    public static IEnumerable<(string Protocol, int Port)> OnLoopback(Pod pod) =>
        Used(pod).Where(port => IsFor(port, IPAddress.Loopback)).Select(port => (Protocol(port), port.HostPort)).Distinct();

    /// <param name="onLoopback">Those of <see cref="OnLoopback"/> that may be served there; null for all.</param>
    public ServicePlan Plan(Pod pod, IReadOnlySet<(string Protocol, int Port)>? onLoopback)
    {
        var elements = new HashSet<RuleElement>();
        foreach (var port in Used(pod))
        {
            var isHeld = onLoopback is null || onLoopback.Contains((Protocol(port), port.HostPort));
            foreach (var address in options.NodePortAddresses.Where(address => IsFor(port, address) && (isHeld || !IPAddress.IsLoopback(address))))
            {
                services.Add(
                    elements, $"{address} . {Protocol(port)} . {port.HostPort}", address, [$"{pod.Status.PodIP} . {port.ContainerPortValue}"],
                    affinitySeconds: 0);
            }
        }

        return new ServicePlan([.. elements], new Dictionary<string, IReadOnlyList<string>>());
    }

    private static IEnumerable<ContainerPort> All(Pod pod) =>
        pod.Spec.InitContainers.Where(container => container.RestartPolicy == ContainerRestartPolicy.Always).Concat(pod.Spec.Containers)
            .SelectMany(container => container.Ports).Where(port => port.HostPort > 0);

    private static IEnumerable<ContainerPort> Used(Pod pod) =>
        HasAny(pod) && pod.Status.Phase is not (PodPhase.Succeeded or PodPhase.Failed)
            && IPAddress.TryParse(pod.Status.PodIP, out var address) && address.AddressFamily == System.Net.Sockets.AddressFamily.InterNetwork
            ? All(pod)
            : [];

    private static bool IsFor(ContainerPort port, IPAddress address) =>
        port.HostIP is "" or "0.0.0.0" || port.HostIP == address.ToString();

    private static string Protocol(ContainerPort port) => port.Protocol switch
    {
        Api.Core.V1.Protocol.UDP => "udp",
        Api.Core.V1.Protocol.SCTP => "sctp",
        _ => "tcp",
    };
}
