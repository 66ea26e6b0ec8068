namespace Coxswain.Node.PodFacts;

/// <summary>What pods get to end by themselves. The API takes any number of seconds; no clock or timer does.</summary>
internal static class GracePeriods
{
    /// <summary>Timers take 49.7 days.</summary>
    public static readonly TimeSpan Longest = TimeSpan.FromDays(49);

    public static TimeSpan Of(long seconds) => TimeSpan.FromSeconds(Math.Clamp(seconds, 0, (long)Longest.TotalSeconds));
}
