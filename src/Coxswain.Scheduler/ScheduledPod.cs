using Coxswain.Api.Core.V1;

namespace Coxswain.Scheduler;

/// <summary>A pod on a node with what the scheduler asks of it again and again.</summary>
public sealed record ScheduledPod(Pod Pod, ResourceAmounts Requests, IReadOnlyList<ContainerPort> HostPorts)
{
    public static ScheduledPod Of(Pod pod) => new(pod, ResourceAmounts.RequestedBy(pod.Spec), HostPortsOf(pod.Spec));

    private static IReadOnlyList<ContainerPort> HostPortsOf(PodSpec spec)
    {
        List<ContainerPort>? ports = null;
        foreach (var container in spec.Containers)
        {
            foreach (var port in container.Ports)
            {
                if (port.HostPort > 0)
                {
                    (ports ??= []).Add(port);
                }
            }
        }

        return ports ?? (IReadOnlyList<ContainerPort>)[];
    }
}
