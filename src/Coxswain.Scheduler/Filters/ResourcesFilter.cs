using Coxswain.Api.Core.V1;

namespace Coxswain.Scheduler.Filters;

/// <summary>Room for the pod's requests beside those of the node's other pods.</summary>
internal static class ResourcesFilter
{
    public static NodeFilter? Prepare(ScheduledPod pod, ClusterSnapshot snapshot)
    {
        var wanted = pod.Requests;
        return node =>
        {
            List<string>? refusals = null;
            void Check(long request, long allocatable, long requested, string name)
            {
                // What is not asked for is not looked at: a node that is over-full may still take a pod without requests.
                if (request > 0 && request > allocatable - requested)
                {
                    (refusals ??= []).Add($"Insufficient {name}");
                }
            }

            if (node.Pods.Count + 1 > node.AllocatablePods)
            {
                (refusals ??= []).Add("Too many pods");
            }

            Check(wanted.CpuMilli, node.Allocatable.CpuMilli, node.Requested.CpuMilli, ResourceName.Cpu);
            Check(wanted.MemoryBytes, node.Allocatable.MemoryBytes, node.Requested.MemoryBytes, ResourceName.Memory);
            Check(wanted.EphemeralStorageBytes, node.Allocatable.EphemeralStorageBytes, node.Requested.EphemeralStorageBytes, ResourceName.EphemeralStorage);
            foreach (var (name, amount) in wanted.Extended)
            {
                Check(amount, node.Allocatable.Extended.GetValueOrDefault(name), node.Requested.Extended.GetValueOrDefault(name), name);
            }

            return refusals ?? (IReadOnlyList<string>)[];
        };
    }
}
