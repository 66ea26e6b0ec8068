using Coxswain.Api.Core.V1;
using Coxswain.Api.Pods;
using Coxswain.Api.Scalars;

namespace Coxswain.Node.Planning;

/// <summary>The node's last word on a pod that was bound to it: what the scheduler checked, checked again where it is known for sure.</summary>
internal sealed class PodAdmission(IReadOnlyDictionary<string, Quantity> allocatable, int maxPods, IReadOnlyList<string> allowedSysctls)
{
    private static readonly string[] Resources = ["cpu", "memory"];

    /// <param name="others">The pods that are on the node.</param>
    /// <returns>Null when the node takes the pod.</returns>
    public PodFailure? Check(Pod pod, IReadOnlyList<Pod> others) =>
        CheckFeatures(pod) ?? SysctlRules.Check(pod, allowedSysctls) ?? CheckRoom(pod, others);

    /// <summary>Whether a pod that is here can have what it asks for now.</summary>
    /// <param name="others">The other pods that are on the node, with what they have.</param>
    /// <returns>Null when it can; otherwise why not yet (Deferred), or why never (Infeasible).</returns>
    public PodFailure? CheckResize(Pod pod, IReadOnlyList<Pod> others)
    {
        PodFailure? deferred = null;
        foreach (var resource in Resources)
        {
            if (!allocatable.TryGetValue(resource, out var capacity))
            {
                continue;
            }

            var requested = PodRequests.Of(pod.Spec, resource).Value;
            if (requested > capacity.Value)
            {
                return new PodFailure(
                    "Infeasible",
                    $"Node didn't have enough capacity: {resource}, requested: {Whole(resource, requested)}, capacity: {Whole(resource, capacity.Value)}");
            }

            var used = Live(others).Sum(other => PodRequests.Of(other.Spec, resource).Value);
            if (requested + used > capacity.Value)
            {
                deferred ??= new PodFailure("Deferred", Short(resource, requested, used, capacity.Value));
            }
        }

        return deferred;
    }

    /// <summary>What would change how the pod is kept apart is refused rather than passed over.</summary>
    private static PodFailure? CheckFeatures(Pod pod)
    {
        if (pod.Spec.HostUsers == false)
        {
            return new("UserNamespacesNotSupported", "Pod was rejected: this node does not support user namespaces (hostUsers: false)");
        }

        return WantsAppArmor(pod)
            ? new("AppArmor", "Pod was rejected: Cannot enforce AppArmor: this node does not support AppArmor profiles")
            : null;
    }

    private static bool WantsAppArmor(Pod pod) =>
        IsConfined(pod.Spec.SecurityContext?.AppArmorProfile)
        || pod.Spec.InitContainers.Concat(pod.Spec.Containers).Any(container => IsConfined(container.SecurityContext?.AppArmorProfile));

    private static bool IsConfined(AppArmorProfile? profile) => profile is not null && profile.Type != AppArmorProfileType.Unconfined;

    private PodFailure? CheckRoom(Pod pod, IReadOnlyList<Pod> others)
    {
        var live = Live(others);
        if (live.Count >= maxPods)
        {
            return Rejected("OutOfpods", $"Node didn't have enough resource: pods, requested: 1, used: {live.Count}, capacity: {maxPods}");
        }

        foreach (var resource in Resources)
        {
            var requested = PodRequests.Of(pod.Spec, resource).Value;
            var used = live.Sum(other => PodRequests.Of(other.Spec, resource).Value);
            if (requested > 0 && allocatable.TryGetValue(resource, out var capacity) && requested + used > capacity.Value)
            {
                return Rejected("OutOf" + resource, Short(resource, requested, used, capacity.Value));
            }
        }

        var taken = live.SelectMany(HostPorts).ToList();
        return HostPorts(pod).Any(port => taken.Exists(other => Conflicts(port, other)))
            ? Rejected("NodePorts", "Node didn't have free ports for the requested pod ports")
            : null;
    }

    private static List<Pod> Live(IReadOnlyList<Pod> pods) => [.. pods.Where(pod => pod.Status.Phase is not (PodPhase.Succeeded or PodPhase.Failed))];

    private static string Short(string resource, decimal requested, decimal used, decimal capacity) =>
        $"Node didn't have enough resource: {resource}, requested: {Whole(resource, requested)}, used: {Whole(resource, used)}, "
        + $"capacity: {Whole(resource, capacity)}";

    private static PodFailure Rejected(string reason, string message) => new(reason, "Pod was rejected: " + message);

    private static string Whole(string resource, decimal amount) =>
        (resource == "cpu" ? amount * 1000 : amount).ToString("0");

    private static IEnumerable<ContainerPort> HostPorts(Pod pod) =>
        pod.Spec.Containers.SelectMany(container => container.Ports)
            .Select(port => pod.Spec.HostNetwork ? port with { HostPort = port.ContainerPortValue } : port)
            .Where(port => port.HostPort > 0);

    private static bool Conflicts(ContainerPort left, ContainerPort right) =>
        left.HostPort == right.HostPort
        && left.Protocol == right.Protocol
        && (left.HostIP == right.HostIP || left.HostIP is "" or "0.0.0.0" || right.HostIP is "" or "0.0.0.0");
}
