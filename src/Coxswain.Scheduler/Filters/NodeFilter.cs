namespace Coxswain.Scheduler.Filters;

/// <summary>Why the node cannot take the pod, in Kubernetes' words; empty when it can.</summary>
internal delegate IReadOnlyList<string> NodeFilter(NodeInfo node);

/// <summary>Looks at the pod once, for all nodes; null when the filter has nothing to say about this pod.</summary>
internal delegate NodeFilter? PrepareFilter(ScheduledPod pod, ClusterSnapshot snapshot);
