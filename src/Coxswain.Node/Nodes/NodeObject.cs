using Coxswain.Api.Core.V1;
using Coxswain.Api.Meta.V1;
using Coxswain.Api.Scalars;
using Coxswain.Node.Eviction;
using Coxswain.Node.Options;
using Coxswain.Node.Runtime;
using ConditionStatus = Coxswain.Api.Core.V1.ConditionStatus;
using V1Node = Coxswain.Api.Core.V1.Node;

namespace Coxswain.Node.Nodes;

/// <summary>The Node as its agent sees it: pure functions of the machine and the options.</summary>
internal static class NodeObject
{
    public static IReadOnlyDictionary<string, Quantity> Capacity(MachineInfo machine, NodeAgentOptions options) => new Dictionary<string, Quantity>
    {
        ["cpu"] = Quantity.FromValue(machine.Processors),
        ["memory"] = Quantity.Parse($"{machine.MemoryBytes / 1024}Ki"),
        ["ephemeral-storage"] = Quantity.Parse($"{machine.DiskBytes / 1024}Ki"),
        ["pods"] = Quantity.FromValue(options.MaxPods),
        ["hugepages-1Gi"] = Quantity.FromValue(0),
        ["hugepages-2Mi"] = Quantity.FromValue(0),
    };

    public static V1Node New(MachineInfo machine, NodeAgentOptions options)
    {
        var labels = new Dictionary<string, string>
        {
            ["kubernetes.io/hostname"] = options.NodeName,
            ["kubernetes.io/os"] = "linux",
            ["kubernetes.io/arch"] = machine.Architecture,
            ["beta.kubernetes.io/os"] = "linux",
            ["beta.kubernetes.io/arch"] = machine.Architecture,
        };

        return V1Node.Empty with
        {
            Metadata = ObjectMeta.Empty with { Name = options.NodeName, Labels = labels },
            Spec = NodeSpec.Empty with
            {
                PodCIDR = options.PodCidr,
                PodCIDRs = [options.PodCidr],
                ProviderID = $"coxswain://{options.NodeName}",
            },
        };
    }

    /// <param name="images">On the node, the largest first.</param>
    /// <param name="port">Of the node's endpoint; 0 for none.</param>
    public static NodeStatus Status(
        MachineInfo machine, NodeAgentOptions options, string runtimeVersion, IReadOnlyList<ImageInfo> images, int port, NodePressure pressure,
        NodeStatus before, DateTimeOffset now)
    {
        var capacity = Capacity(machine, options);
        return before with
        {
            Capacity = capacity,
            Allocatable = capacity,
            Addresses =
            [
                new NodeAddress { Type = NodeAddressType.InternalIP, Address = options.NodeAddress },
                new NodeAddress { Type = NodeAddressType.Hostname, Address = options.NodeName },
            ],
            Features = new NodeFeatures { SupplementalGroupsPolicy = true },
            RuntimeHandlers = [Handler(""), Handler("runc")],
            DaemonEndpoints = new NodeDaemonEndpoints { KubeletEndpoint = new DaemonEndpoint { Port = port } },
            NodeInfo = new NodeSystemInfo
            {
                MachineID = machine.MachineId,
                SystemUUID = machine.SystemUuid,
                BootID = machine.BootId,
                KernelVersion = machine.Kernel,
                OsImage = machine.OsImage,
                ContainerRuntimeVersion = runtimeVersion,
                KubeletVersion = options.Version,
                OperatingSystem = "linux",
                Architecture = machine.Architecture,
            },
            Images = [.. images.Select(image => new ContainerImage { Names = [.. image.Digests, .. image.Tags], SizeBytes = image.SizeBytes })],
            Conditions =
            [
                Memory(pressure, before, now),
                Disk(pressure, before, now),
                Pids(pressure, before, now),
                Condition(NodeConditionType.Ready, true, "KubeletReady", "kubelet is posting ready status", before, now),
            ],
        };
    }

    private static NodeRuntimeHandler Handler(string name) => new()
    {
        Name = name, Features = new NodeRuntimeHandlerFeatures { RecursiveReadOnlyMounts = true, UserNamespaces = false },
    };

    private static NodeCondition Memory(NodePressure pressure, NodeStatus before, DateTimeOffset now) => pressure.Has(PressureKind.Memory)
        ? Condition(NodeConditionType.MemoryPressure, true, "KubeletHasInsufficientMemory", "kubelet has insufficient memory available", before, now)
        : Condition(NodeConditionType.MemoryPressure, false, "KubeletHasSufficientMemory", "kubelet has sufficient memory available", before, now);

    private static NodeCondition Disk(NodePressure pressure, NodeStatus before, DateTimeOffset now) => pressure.Has(PressureKind.Disk)
        ? Condition(NodeConditionType.DiskPressure, true, "KubeletHasDiskPressure", "kubelet has disk pressure", before, now)
        : Condition(NodeConditionType.DiskPressure, false, "KubeletHasNoDiskPressure", "kubelet has no disk pressure", before, now);

    private static NodeCondition Pids(NodePressure pressure, NodeStatus before, DateTimeOffset now) => pressure.Has(PressureKind.Pids)
        ? Condition(NodeConditionType.PIDPressure, true, "KubeletHasInsufficientPID", "kubelet has insufficient PID available", before, now)
        : Condition(NodeConditionType.PIDPressure, false, "KubeletHasSufficientPID", "kubelet has sufficient PID available", before, now);

    public static NodeCondition Condition(string type, bool holds, string reason, string message, NodeStatus before, DateTimeOffset now)
    {
        var value = holds ? ConditionStatus.True : ConditionStatus.False;
        var old = before.Conditions.FirstOrDefault(condition => condition.Type == type);
        return new NodeCondition
        {
            Type = type,
            Status = value,
            Reason = reason,
            Message = message,
            LastHeartbeatTime = now,
            LastTransitionTime = old?.Status == value ? old.LastTransitionTime : now,
        };
    }
}
