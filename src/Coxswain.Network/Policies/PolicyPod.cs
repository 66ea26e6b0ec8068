using System.Net;
using System.Net.Sockets;
using Coxswain.Api.Core.V1;

namespace Coxswain.Network.Policies;

/// <summary>What policies see of a pod.</summary>
/// <param name="Ports">By name: what named ports of rules mean at this pod.</param>
/// <param name="IsPoliced">Policies restrict it; otherwise it is only somebody whom they may name.</param>
internal sealed record PolicyPod(
    string Namespace, IReadOnlyDictionary<string, string> Labels, string Address, IReadOnlyList<PolicyPodPort> Ports, bool IsPoliced)
{
    /// <summary>Null for those that have no address of their own, or have it no longer.</summary>
    /// <param name="address">Its address before its status says so; null to take it from there.</param>
    /// <param name="isPoliced">Whether it runs where policies are enforced.</param>
    public static PolicyPod? Of(Pod pod, string? address, bool isPoliced)
    {
        var text = address ?? pod.Status.PodIP;
        return pod.Spec.HostNetwork
            || pod.Status.Phase is PodPhase.Succeeded or PodPhase.Failed
            || !IPAddress.TryParse(text, out var parsed)
            || parsed.AddressFamily != AddressFamily.InterNetwork
                ? null
                : new PolicyPod(pod.Metadata.Namespace, pod.Metadata.Labels, text, [.. PortsOf(pod)], isPoliced);
    }

    /// <summary>Cluster DNS, which listens on the node.</summary>
    public static PolicyPod Dns(IPAddress address) => new(
        "kube-system", new Dictionary<string, string> { ["k8s-app"] = "kube-dns" }, address.ToString(),
        [new PolicyPodPort("dns", "udp", 53), new PolicyPodPort("dns-tcp", "tcp", 53)], IsPoliced: false);

    private static IEnumerable<PolicyPodPort> PortsOf(Pod pod) =>
        pod.Spec.InitContainers.Where(container => container.RestartPolicy == ContainerRestartPolicy.Always).Concat(pod.Spec.Containers)
            .SelectMany(container => container.Ports)
            .Where(port => port.Name.Length > 0)
            .Select(port => new PolicyPodPort(port.Name, PolicyProtocols.Of(port.Protocol), port.ContainerPortValue));
}

/// <param name="Protocol">In nft's words.</param>
internal sealed record PolicyPodPort(string Name, string Protocol, int Port);
