namespace Coxswain.Scheduler.Scores;

/// <summary>How well the node suits the pod, from 0 to 100.</summary>
internal delegate double NodeScore(NodeInfo node);

/// <summary>Looks at the pod and the feasible nodes once; null when the score would be the same for all.</summary>
internal delegate NodeScore? PrepareScore(ScheduledPod pod, ClusterSnapshot snapshot, IReadOnlyList<NodeInfo> feasible);
