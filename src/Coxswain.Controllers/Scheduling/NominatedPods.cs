using Coxswain.Api.Core.V1;
using Coxswain.Scheduler;
using Coxswain.Scheduler.Cycle;

namespace Coxswain.Controllers.Scheduling;

/// <summary>Pods that wait for the room that others have been told to leave. Guarded by its owner.</summary>
internal sealed class NominatedPods
{
    // One entry for each pod that preempts; they go with the pod or its placement.
    private readonly Dictionary<string, (Pod Pod, string NodeName)> _nominated = new(StringComparer.Ordinal);

    public void Set(Pod pod, string nodeName) => _nominated[pod.Metadata.Uid] = (pod, nodeName);

    public void Remove(string uid) => _nominated.Remove(uid);

    /// <summary>The snapshot with those placed that matter as much as the pod or more.</summary>
    public ClusterSnapshot Reserve(ClusterSnapshot snapshot, Pod pod)
    {
        foreach (var (other, nodeName) in _nominated.Values)
        {
            if (other.Metadata.Uid != pod.Metadata.Uid && Preemptor.PriorityOf(other) >= Preemptor.PriorityOf(pod))
            {
                snapshot = snapshot.SetPod(other, nodeName);
            }
        }

        return snapshot;
    }
}
