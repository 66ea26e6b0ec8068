namespace Coxswain.Node.Pods;

/// <summary>
/// The kubelet's back-off: nothing before the first retry, then 10 s doubling to 5 min, forgotten when twice the longest delay
/// passed without another failure.
/// </summary>
internal sealed class BackOff
{
    public static readonly TimeSpan Initial = TimeSpan.FromSeconds(10);
    public static readonly TimeSpan Longest = TimeSpan.FromMinutes(5);

    private DateTimeOffset _lastFailure;

    /// <summary>Zero before the first failure was counted.</summary>
    public TimeSpan Delay { get; private set; }

    /// <summary>When to retry what failed at that time; null for at once.</summary>
    public DateTimeOffset? NotBefore(DateTimeOffset failedAt) =>
        Delay == TimeSpan.Zero || HasExpired(failedAt) ? null : failedAt + Delay;

    /// <summary>Counts a failure (for crashes: as the next attempt begins).</summary>
    public void Next(DateTimeOffset failedAt, DateTimeOffset now)
    {
        Delay = Delay == TimeSpan.Zero || HasExpired(failedAt) ? Initial : Min(Delay * 2, Longest);
        _lastFailure = now;
    }

    public void Reset() => Delay = TimeSpan.Zero;

    private bool HasExpired(DateTimeOffset time) => time - _lastFailure > 2 * Longest;

    private static TimeSpan Min(TimeSpan left, TimeSpan right) => left < right ? left : right;
}
