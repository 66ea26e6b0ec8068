namespace Coxswain.Client.WorkQueues;

/// <summary>Exponential back-off: <paramref name="First"/>, doubled with each failure, up to <paramref name="Longest"/>.</summary>
public sealed record BackOff(TimeSpan First, TimeSpan Longest)
{
    /// <summary>As Kubernetes' controllers, which start at 5 ms too; they wait up to 1000 s, longer than a user of one machine would.</summary>
    public static readonly BackOff Default = new(TimeSpan.FromMilliseconds(5), TimeSpan.FromSeconds(60));

    /// <param name="failures">Failures before this one.</param>
    public TimeSpan After(int failures)
    {
        var delay = First * Math.Pow(2, Math.Clamp(failures, 0, 40));
        return delay < Longest ? delay : Longest;
    }
}
