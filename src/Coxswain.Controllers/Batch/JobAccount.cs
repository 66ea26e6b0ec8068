using Coxswain.Api.Batch.V1;
using Coxswain.Api.Core.V1;

namespace Coxswain.Controllers.Batch;

/// <summary>
/// Counts how a Job's pods ended, each once: a pod's end is written into the status before its finalizer goes, and moves
/// from the list of uids into the counter when the finalizer is gone. Pure.
/// </summary>
internal sealed class JobAccount
{
    /// <summary>Uids that are on their way into the counters at once: they stand in the status. As in Kubernetes.</summary>
    private const int MaxUncounted = 500;

    private readonly Job _job;
    private readonly HashSet<string> _uncountedSucceeded;
    private readonly HashSet<string> _uncountedFailed;
    private readonly List<Pod> _release = [];
    private int _succeeded;
    private int _failed;

    private JobAccount(Job job)
    {
        _job = job;
        IsIndexed = job.Spec.CompletionMode == CompletionMode.Indexed;
        Completions = job.Spec.Completions ?? int.MaxValue;
        var status = job.Status;
        CompletedIndexes = IndexSet.Parse(status.CompletedIndexes, Completions);
        FailedIndexes = IndexSet.Parse(status.FailedIndexes ?? "", Completions);
        _succeeded = status.Succeeded;
        _failed = status.Failed;
        _uncountedSucceeded = [.. status.UncountedTerminatedPods?.Succeeded ?? []];
        _uncountedFailed = [.. status.UncountedTerminatedPods?.Failed ?? []];
    }

    public bool IsIndexed { get; }

    public int Completions { get; }

    public IndexSet CompletedIndexes { get; }

    public IndexSet FailedIndexes { get; }

    public int Succeeded => IsIndexed ? CompletedIndexes.Count : _succeeded + _uncountedSucceeded.Count;

    public int Failed => _failed + _uncountedFailed.Count;

    /// <summary>The pods whose finalizer may go once <see cref="Apply"/>'s status is written.</summary>
    public IReadOnlyList<Pod> Release => _release;

    /// <summary>Everything has been counted for good.</summary>
    public bool IsSettled => _release.Count == 0 && _uncountedSucceeded.Count == 0 && _uncountedFailed.Count == 0;

    /// <summary>The first index from this one on that has neither succeeded nor failed.</summary>
    public int NextIndex(int index)
    {
        for (var next = index; ; index = next)
        {
            next = FailedIndexes.Next(CompletedIndexes.Next(index));
            if (next == index)
            {
                return index;
            }
        }
    }

    /// <param name="pods">All of the Job's.</param>
    /// <param name="end">How the Job is about to end; null while it goes on.</param>
    public static JobAccount Of(Job job, IReadOnlyList<Pod> pods, JobEnd? end)
    {
        var account = new JobAccount(job);
        account.Settle(pods);
        foreach (var pod in pods.Where(JobPods.IsTracked))
        {
            account.Count(pod, pods, end);
        }

        return account;
    }

    /// <summary>Whether a pod counts as failed: one that is being deleted does too, unless only ended ones are replaced.</summary>
    public static bool IsFailed(Job job, Pod pod, JobEnd? end) =>
        pod.Status.Phase == PodPhase.Failed
        || (pod.Metadata.DeletionTimestamp is not null && pod.Status.Phase != PodPhase.Succeeded
            && (job.Spec.PodReplacementPolicy != PodReplacementPolicy.Failed || end is not null || job.Metadata.DeletionTimestamp is not null));

    public JobStatus Apply(JobStatus status) => status with
    {
        Succeeded = IsIndexed ? CompletedIndexes.Count : _succeeded,
        Failed = _failed,
        CompletedIndexes = IsIndexed ? CompletedIndexes.ToString() : "",
        FailedIndexes = _job.Spec.BackoffLimitPerIndex is null ? null : FailedIndexes.ToString(),
        UncountedTerminatedPods = new UncountedTerminatedPods
        {
            Succeeded = [.. _uncountedSucceeded.Order(StringComparer.Ordinal)],
            Failed = [.. _uncountedFailed.Order(StringComparer.Ordinal)],
        },
    };

    private void Settle(IReadOnlyList<Pod> pods)
    {
        var held = pods.Where(JobPods.IsTracked).Select(pod => pod.Metadata.Uid).ToHashSet(StringComparer.Ordinal);
        _succeeded += _uncountedSucceeded.RemoveWhere(uid => !held.Contains(uid));
        _failed += _uncountedFailed.RemoveWhere(uid => !held.Contains(uid));
    }

    private void Count(Pod pod, IReadOnlyList<Pod> pods, JobEnd? end)
    {
        var uid = pod.Metadata.Uid;
        if (pod.Status.Phase == PodPhase.Succeeded)
        {
            if (IsIndexed)
            {
                // The index itself keeps a pod from being counted twice.
                if (JobPods.IndexOf(pod) is { } index && index < Completions)
                {
                    CompletedIndexes.Add(index);
                }

                _release.Add(pod);
            }
            else
            {
                Remember(_uncountedSucceeded, uid, pod);
            }
        }
        else if (IsFailed(_job, pod, end))
        {
            CountFailed(pod, pods, end);
        }
    }

    private void CountFailed(Pod pod, IReadOnlyList<Pod> pods, JobEnd? end)
    {
        // Ended by us because the Job has what it wanted.
        var isStopped = end is { IsSuccess: true } && pod.Metadata.DeletionTimestamp is not null;
        var verdict = PodFailureRules.Judge(_job.Spec.PodFailurePolicy, pod);
        var index = IsIndexed ? JobPods.IndexOf(pod) : null;
        if (_job.Spec.BackoffLimitPerIndex is { } limit && index is { } known && known < Completions && !isStopped)
        {
            if (verdict.Action == PodFailurePolicyAction.FailIndex
                || (verdict.Action != PodFailurePolicyAction.Ignore && JobPods.FailuresBefore(pod) >= limit))
            {
                if (!CompletedIndexes.Contains(known))
                {
                    FailedIndexes.Add(known);
                }
            }
            else if (end is null && !_job.Metadata.DeletionTimestamp.HasValue && IsLastOfIndex(pod, known, pods))
            {
                // It stays until the next pod of its index carries on the count.
                return;
            }
        }

        if (isStopped || verdict.Action == PodFailurePolicyAction.Ignore || (IsIndexed && (index is null || index >= Completions)))
        {
            _release.Add(pod);
        }
        else
        {
            Remember(_uncountedFailed, pod.Metadata.Uid, pod);
        }
    }

    private bool IsLastOfIndex(Pod pod, int index, IReadOnlyList<Pod> pods) =>
        !CompletedIndexes.Contains(index) && !FailedIndexes.Contains(index)
        && !pods.Any(other => other.Metadata.Uid != pod.Metadata.Uid && JobPods.IndexOf(other) == index && IsAfter(other, pod));

    private static bool IsAfter(Pod other, Pod pod)
    {
        var (left, right) = (Attempt(other), Attempt(pod));
        return left > right || (left == right && string.CompareOrdinal(other.Metadata.Uid, pod.Metadata.Uid) > 0);
    }

    private static int Attempt(Pod pod) => JobPods.FailuresBefore(pod) + JobPods.IgnoredFailuresBefore(pod);

    private void Remember(HashSet<string> uncounted, string uid, Pod pod)
    {
        if (uncounted.Contains(uid) || _uncountedSucceeded.Count + _uncountedFailed.Count < MaxUncounted)
        {
            uncounted.Add(uid);
            _release.Add(pod);
        }
    }
}
