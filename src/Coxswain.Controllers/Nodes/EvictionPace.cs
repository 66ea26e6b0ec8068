namespace Coxswain.Controllers.Nodes;

/// <summary>Spaces out the evictions of a zone's nodes. Not safe for several threads at once.</summary>
internal sealed class EvictionPace(TimeProvider time)
{
    private readonly Dictionary<string, long> _last = new(StringComparer.Ordinal);

    /// <summary>Takes the zone's turn, if it has come.</summary>
    /// <returns>How long to wait for it otherwise; zero when it was taken.</returns>
    public TimeSpan Take(string zone, TimeSpan interval)
    {
        if (_last.TryGetValue(zone, out var last) && interval - time.GetElapsedTime(last) is var wait && wait > TimeSpan.Zero)
        {
            return wait;
        }

        _last[zone] = time.GetTimestamp();
        return TimeSpan.Zero;
    }
}
