using Coxswain.Api.Core.V1;

namespace Coxswain.Controllers.Batch;

/// <summary>How long a Job waits before it replaces a failed pod: 10 s, doubled with each failure in a row, up to 10 minutes. Pure.</summary>
internal static class JobBackOff
{
    private static readonly TimeSpan First = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan Longest = TimeSpan.FromMinutes(10);

    /// <summary>What is left to wait; zero when a pod may be made.</summary>
    public static TimeSpan Remaining(IReadOnlyList<Pod> pods, DateTimeOffset now)
    {
        var lastSuccess = pods.Where(pod => pod.Status.Phase == PodPhase.Succeeded).Select(JobPods.EndOf).DefaultIfEmpty(DateTimeOffset.MinValue).Max();
        var failures = pods.Where(pod => pod.Status.Phase == PodPhase.Failed).Select(JobPods.EndOf).Where(end => end > lastSuccess).ToList();
        return failures.Count == 0 ? TimeSpan.Zero : Remaining(failures.Count, failures.Max(), now);
    }

    /// <summary>The same for one completion index, whose last pod knows how often it failed.</summary>
    public static TimeSpan RemainingOfIndex(Pod last, DateTimeOffset now) =>
        Remaining(JobPods.FailuresBefore(last) + JobPods.IgnoredFailuresBefore(last) + 1, JobPods.EndOf(last), now);

    private static TimeSpan Remaining(int failures, DateTimeOffset since, DateTimeOffset now)
    {
        var delay = failures > 10 ? Longest : First * Math.Pow(2, failures - 1);
        var left = since + (delay < Longest ? delay : Longest) - now;
        return left > TimeSpan.Zero ? left : TimeSpan.Zero;
    }
}
