namespace Coxswain.Client.WorkQueues;

/// <summary>Exponential back-off: <paramref name="First"/>, doubled with each failure, up to <paramref name="Longest"/>.</summary>
public sealed record BackOff(TimeSpan First, TimeSpan Longest)
{
    /// <summary>As Kubernetes' controllers, which start at 5 ms too; they wait up to 1000 s, longer than a user of one machine would.</summary>
    public static readonly BackOff Default = new(TimeSpan.FromMilliseconds(5), TimeSpan.FromSeconds(60));

    /// <param name="failures">Failures before this one.</param>
    public TimeSpan After(int failures)
    {
        // In seconds: the product may be more than a TimeSpan holds.
        var seconds = First.TotalSeconds * Math.Pow(2, Math.Max(failures, 0));
        return seconds < Longest.TotalSeconds ? TimeSpan.FromSeconds(seconds) : Longest;
    }
}
