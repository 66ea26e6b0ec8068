namespace Coxswain.Controllers.Autoscaling;

/// <summary>How many replicas one metric asks for, and what it read.</summary>
/// <param name="Utilization">In percent of the requests; null where the target is an amount.</param>
/// <param name="AverageMilli">For each pod, in thousandths.</param>
internal sealed record ReplicaProposal(int Replicas, int? Utilization, long AverageMilli);
