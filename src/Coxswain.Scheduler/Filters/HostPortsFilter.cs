using Coxswain.Api.Core.V1;

namespace Coxswain.Scheduler.Filters;

/// <summary>Host ports that another pod of the node has taken, on the same address or on all of them.</summary>
internal static class HostPortsFilter
{
    private static readonly string[] Taken = ["node(s) didn't have free ports for the requested pod ports"];

    public static NodeFilter? Prepare(ScheduledPod pod, ClusterSnapshot snapshot) => pod.HostPorts.Count == 0
        ? null
        : node => node.Pods.Values.Any(other => other.HostPorts.Any(theirs => pod.HostPorts.Any(ours => Collide(ours, theirs)))) ? Taken : [];

    private static bool Collide(ContainerPort left, ContainerPort right) =>
        left.HostPort == right.HostPort
        && ProtocolOf(left) == ProtocolOf(right)
        && (IsAny(left.HostIP) || IsAny(right.HostIP) || left.HostIP == right.HostIP);

    private static bool IsAny(string address) => address is "" or "0.0.0.0" or "::";

    private static string ProtocolOf(ContainerPort port) => port.Protocol.Length == 0 ? Protocol.TCP : port.Protocol;
}
