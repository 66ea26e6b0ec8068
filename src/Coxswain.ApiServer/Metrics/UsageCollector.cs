namespace Coxswain.ApiServer.Metrics;

/// <summary>
/// What is used now, from the last two times the nodes were asked. They are asked when somebody wants to know and what is known is
/// too old; while nobody does, nobody is asked.
/// </summary>
internal sealed class UsageCollector(
    Func<CancellationToken, Task<IReadOnlyDictionary<UsageKey, UsageSample>>> scrape, TimeProvider time) : IDisposable
{
    /// <summary>As often as metrics-server asks.</summary>
    private static readonly TimeSpan Resolution = TimeSpan.FromSeconds(15);

    /// <summary>What lies longer ago says nothing about now.</summary>
    private static readonly TimeSpan Longest = TimeSpan.FromMinutes(2);

    /// <summary>The first to ask in a long while waits for so long.</summary>
    private static readonly TimeSpan Shortest = TimeSpan.FromSeconds(1);

    private readonly SemaphoreSlim _gate = new(1, 1);
    private Scrape? _last;
    private IReadOnlyDictionary<UsageKey, Usage> _usages = new Dictionary<UsageKey, Usage>();

    public async ValueTask<IReadOnlyDictionary<UsageKey, Usage>> ReadAsync(CancellationToken cancellationToken)
    {
        await _gate.WaitAsync(cancellationToken);
        try
        {
            if (_last is { } known && time.GetElapsedTime(known.At) < Resolution)
            {
                return _usages;
            }

            var before = _last is { } last && time.GetElapsedTime(last.At) <= Longest ? last : null;
            if (before is null)
            {
                before = await ScrapeAsync(cancellationToken);
                await Task.Delay(Shortest, time, cancellationToken);
            }

            _last = await ScrapeAsync(cancellationToken);
            return _usages = Between(before.Samples, _last.Samples);
        }
        finally
        {
            _gate.Release();
        }
    }

    public void Dispose() => _gate.Dispose();

    /// <summary>A counter that was not there before, or began anew, is taken from its beginning.</summary>
    internal static IReadOnlyDictionary<UsageKey, Usage> Between(
        IReadOnlyDictionary<UsageKey, UsageSample> before, IReadOnlyDictionary<UsageKey, UsageSample> after)
    {
        var usages = new Dictionary<UsageKey, Usage>();
        foreach (var (key, sample) in after)
        {
            var earlier = before.GetValueOrDefault(key) is { } known && known.CpuSeconds <= sample.CpuSeconds && known.StartedAt == sample.StartedAt
                ? known
                : sample.StartedAt is { } start ? new UsageSample(start, 0, 0, start) : null;
            if (earlier is not null && sample.At - earlier.At is var window && window >= Shortest / 2)
            {
                var rate = (sample.CpuSeconds - earlier.CpuSeconds) / window.TotalSeconds;
                usages[key] = new Usage(sample.At, window, (long)Math.Round(rate * 1e9), (long)sample.MemoryBytes);
            }
        }

        return usages;
    }

    private async Task<Scrape> ScrapeAsync(CancellationToken cancellationToken) => new(time.GetTimestamp(), await scrape(cancellationToken));

    private sealed record Scrape(long At, IReadOnlyDictionary<UsageKey, UsageSample> Samples);
}
