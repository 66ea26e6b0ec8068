using Coxswain.Api.Core.V1;

namespace Coxswain.Controllers.Core;

/// <summary>Which pods a Service sends its requests to, and on which ports. Pure.</summary>
internal static class ServiceEndpoints
{
    /// <summary>The pods that have an address, in the order of their names.</summary>
    public static IReadOnlyList<ServiceBackend> Of(Service service, IEnumerable<Pod> selected)
    {
        var backends = new List<ServiceBackend>();
        foreach (var pod in selected.OrderBy(pod => pod.Metadata.Name, StringComparer.Ordinal))
        {
            if (pod.Status.PodIP.Length == 0 || pod.IsFinished())
            {
                continue;
            }

            // From the moment a pod is asked to stop it gets no new requests, whatever its probe says.
            var isServing = pod.IsReady();
            var isTerminating = pod.Metadata.DeletionTimestamp is not null;
            backends.Add(new ServiceBackend(
                pod, pod.Status.PodIP, service.Spec.PublishNotReadyAddresses || (isServing && !isTerminating), isServing, isTerminating, PortsOf(service, pod)));
        }

        return backends;
    }

    /// <summary>Everything of a pod that <see cref="Of"/> reads, apart from its labels.</summary>
    public static bool IsSameBackend(Pod left, Pod right) =>
        left.Metadata.Uid == right.Metadata.Uid
        && left.Status.PodIP == right.Status.PodIP
        && left.IsReady() == right.IsReady()
        && left.IsFinished() == right.IsFinished()
        && left.Spec.NodeName == right.Spec.NodeName
        && left.Metadata.DeletionTimestamp is null == right.Metadata.DeletionTimestamp is null;

    public static bool IsHeadless(Service service) => service.Spec.ClusterIP == "None";

    /// <summary>A port whose name none of the pod's containers has is left out, for this pod.</summary>
    private static List<ResolvedPort> PortsOf(Service service, Pod pod)
    {
        var ports = new List<ResolvedPort>();
        foreach (var port in service.Spec.Ports)
        {
            var protocol = port.Protocol.Length == 0 ? Protocol.TCP : port.Protocol;
            var target = port.TargetPort.IsString
                ? NamedPort(pod, port.TargetPort.StringValue, protocol)
                : port.TargetPort.IntValue > 0 ? port.TargetPort.IntValue : port.Port;
            if (target is { } number)
            {
                ports.Add(new ResolvedPort(port.Name, protocol, number, port.AppProtocol));
            }
        }

        return ports;
    }

    private static int? NamedPort(Pod pod, string name, string protocol)
    {
        var sidecars = pod.Spec.InitContainers.Where(container => container.RestartPolicy == ContainerRestartPolicy.Always);
        foreach (var container in pod.Spec.Containers.Concat(sidecars))
        {
            foreach (var port in container.Ports)
            {
                if (port.Name == name && (port.Protocol.Length == 0 ? Protocol.TCP : port.Protocol) == protocol)
                {
                    return port.ContainerPortValue;
                }
            }
        }

        return null;
    }
}
