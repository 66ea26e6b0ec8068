namespace Coxswain.Node.Stats;

/// <summary>Turns counters of processor time into rates, between one time somebody asks and the next.</summary>
internal sealed class CpuRates
{
    /// <summary>Over less the kernel's counters say nothing.</summary>
    private static readonly TimeSpan Shortest = TimeSpan.FromSeconds(1);

    private readonly Lock _lock = new();

    /// <summary>As many as were asked for the last time.</summary>
    private Dictionary<string, Sample> _samples = new(StringComparer.Ordinal);

    /// <summary>Nanoseconds a second, by name; nothing for what was not seen before, or not in this life.</summary>
    /// <param name="counters">All there are: those that are not among them are forgotten.</param>
    public IReadOnlyDictionary<string, long> Update(IEnumerable<(string Name, DateTimeOffset Time, long Nanoseconds)> counters)
    {
        lock (_lock)
        {
            var rates = new Dictionary<string, long>(StringComparer.Ordinal);
            var next = new Dictionary<string, Sample>(StringComparer.Ordinal);
            foreach (var (name, time, nanoseconds) in counters)
            {
                var sample = new Sample(time, nanoseconds, null);
                if (_samples.TryGetValue(name, out var before) && before.Nanoseconds <= nanoseconds)
                {
                    var passed = time - before.Time;
                    sample = passed < Shortest ? before : sample with { Rate = (long)((nanoseconds - before.Nanoseconds) / passed.TotalSeconds) };
                }

                next[name] = sample;
                if (sample.Rate is { } rate)
                {
                    rates[name] = rate;
                }
            }

            _samples = next;
            return rates;
        }
    }

    private sealed record Sample(DateTimeOffset Time, long Nanoseconds, long? Rate);
}
