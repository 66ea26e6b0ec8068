using Coxswain.Api.Apps.V1;
using Coxswain.Api.Core.V1;

namespace Coxswain.Controllers.StatefulSets;

/// <summary>A StatefulSet and its pods as the caches show them.</summary>
internal sealed class StatefulSetState
{
    private readonly Dictionary<int, Pod> _pods = [];

    public StatefulSetState(StatefulSet set, IEnumerable<Pod> pods, string currentRevision, string updateRevision)
    {
        (Set, CurrentRevision, UpdateRevision) = (set, currentRevision, updateRevision);
        foreach (var pod in pods)
        {
            if (StatefulPods.OrdinalOf(set, pod) is { } ordinal)
            {
                _pods[ordinal] = pod;
            }
        }

        Start = set.Spec.Ordinals?.Start ?? 0;
        Replicas = set.Spec.Replicas ?? 1;
        Condemned = [.. _pods.Where(item => item.Key < Start || item.Key >= (long)Start + Replicas).OrderByDescending(item => item.Key).Select(item => item.Value)];
    }

    public StatefulSet Set { get; }

    public string CurrentRevision { get; }

    public string UpdateRevision { get; }

    public int Start { get; }

    public int Replicas { get; }

    public bool IsOrdered => Set.Spec.PodManagementPolicy != PodManagementPolicyType.Parallel;

    public bool IsRollingUpdate => Set.Spec.UpdateStrategy.Type is StatefulSetUpdateStrategyType.RollingUpdate or "";

    /// <summary>The lowest ordinal that a roll-out reaches.</summary>
    public int FirstUpdated => Start + (Set.Spec.UpdateStrategy.RollingUpdate?.Partition ?? 0);

    public int MaxUnavailable => Math.Max(1, (Set.Spec.UpdateStrategy.RollingUpdate?.MaxUnavailable ?? 1).Scale(Replicas, roundUp: true));

    /// <summary>Those that are to have a pod, in order.</summary>
    public IEnumerable<int> Ordinals => Enumerable.Range(Start, Replicas);

    /// <summary>Those that are to have none any more, the highest first.</summary>
    public IReadOnlyList<Pod> Condemned { get; }

    public IEnumerable<KeyValuePair<int, Pod>> Pods => _pods.Where(item => item.Key >= Start && item.Key < (long)Start + Replicas);

    public Pod? PodAt(int ordinal) => _pods.GetValueOrDefault(ordinal);

    public bool IsHealthy(Pod pod, DateTimeOffset now) =>
        pod.Status.Phase == PodPhase.Running && pod.Metadata.DeletionTimestamp is null && pod.IsAvailable(Set.Spec.MinReadySeconds, now);

    /// <summary>In order, nothing else happens before pods beyond the number have gone.</summary>
    public bool IsBlockedByCondemned => IsOrdered && Condemned.Count > 0;

    /// <summary>Which of the two revisions a new pod gets.</summary>
    public string RevisionFor(int ordinal)
    {
        var isOld = IsRollingUpdate && (Set.Spec.UpdateStrategy.RollingUpdate is { } rolling
            ? ordinal < Start + (rolling.Partition ?? 0)
            : ordinal < Start + Set.Status.CurrentReplicas);
        return isOld ? CurrentRevision : UpdateRevision;
    }

    /// <summary>
    /// A new pod in its place would be of another revision, and waiting for this one is in vain: its revision is one that has been given
    /// up, or its containers have never run. One that ran and is not well now may recover, and is waited for.
    /// </summary>
    public bool IsGivenUp(int ordinal, Pod pod) =>
        IsRollingUpdate && StatefulPods.RevisionOf(pod) is var revision && revision != RevisionFor(ordinal)
        && (revision != CurrentRevision || pod.Status.Phase == PodPhase.Pending);

    public TimeSpan? NextAvailable(DateTimeOffset now)
    {
        TimeSpan? next = null;
        foreach (var pod in Set.Spec.MinReadySeconds == 0 ? [] : _pods.Values.AsEnumerable())
        {
            if (pod.ReadySince() is { } since && since + TimeSpan.FromSeconds(Set.Spec.MinReadySeconds) - now is var wait && wait > TimeSpan.Zero && !(next < wait))
            {
                next = wait;
            }
        }

        return next;
    }

    public StatefulSetStatus Status(int? collisions, DateTimeOffset now)
    {
        var alive = _pods.Values.Where(pod => pod.Metadata.DeletionTimestamp is null).ToList();
        var status = Set.Status with
        {
            ObservedGeneration = Set.Metadata.Generation,
            Replicas = _pods.Count,
            ReadyReplicas = _pods.Values.Count(pod => pod.Status.Phase == PodPhase.Running && pod.IsReady()),
            AvailableReplicas = _pods.Values.Count(pod => IsHealthy(pod, now)),
            CurrentReplicas = alive.Count(pod => StatefulPods.RevisionOf(pod) == CurrentRevision),
            UpdatedReplicas = alive.Count(pod => StatefulPods.RevisionOf(pod) == UpdateRevision),
            CurrentRevision = CurrentRevision,
            UpdateRevision = UpdateRevision,
            CollisionCount = collisions ?? 0,
        };

        // A roll-out is over when every pod is of the new revision and ready.
        return IsRollingUpdate && status.UpdatedReplicas == Replicas && status.Replicas == Replicas && status.ReadyReplicas == Replicas
            ? status with { CurrentReplicas = status.UpdatedReplicas, CurrentRevision = UpdateRevision }
            : status;
    }
}
