using Coxswain.ApiServer.Metrics;
using Coxswain.Testing.Time;

namespace Coxswain.ApiServer.Tests.Metrics;

public sealed class UsageCollectorTests
{
    private static readonly UsageKey Key = new("n1", "default", "web", "main");
    private static readonly DateTimeOffset Start = DateTimeOffset.UnixEpoch;

    [Fact]
    public void Between_TwoSamples_IsTheRate()
    {
        var usage = Between(Sample(10, 1), Sample(20, 6))!;
        Assert.Equal((500_000_000L, TimeSpan.FromSeconds(10), 1024L), (usage.CpuNanocores, usage.Window, usage.MemoryBytes));
    }

    [Fact]
    public void Between_NotSeenBefore_IsSinceItsBeginning() =>
        Assert.Equal(300_000_000, Between(null, Sample(20, 6))!.CpuNanocores);

    [Fact]
    public void Between_BegunAnew_IsSinceItsBeginning() =>
        Assert.Equal(200_000_000, Between(Sample(10, 5), Sample(20, 2, startedAt: 10))!.CpuNanocores);

    [Fact]
    public void Between_JustBegun_IsNotKnownYet() => Assert.Null(Between(null, Sample(10, 1, startedAt: 9.9)));

    [Fact]
    public void Between_CounterWithoutBeginning_NeedsTwo()
    {
        Assert.Null(Between(null, Sample(20, 6) with { StartedAt = null }));
        Assert.NotNull(Between(Sample(10, 1) with { StartedAt = null }, Sample(20, 6) with { StartedAt = null }));
    }

    [Fact]
    public async Task Read_Repeatedly_AsksSeldom()
    {
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        var time = new VirtualTime();
        var asked = 0;
        using var collector = new UsageCollector(_ => Task.FromResult(Scrape(asked++, time.GetUtcNow())), time);
        var first = collector.ReadAsync(patience.Token);
        Assert.Equal(1, asked);
        time.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal(1_000_000_000, (await first)[Key].CpuNanocores);
        Assert.Equal(2, asked);

        await collector.ReadAsync(patience.Token);
        Assert.Equal(2, asked);

        time.Advance(TimeSpan.FromSeconds(15));
        Assert.Equal(TimeSpan.FromSeconds(15), (await collector.ReadAsync(patience.Token))[Key].Window);
        Assert.Equal(3, asked);

        time.Advance(TimeSpan.FromMinutes(10));
        var late = collector.ReadAsync(patience.Token);
        time.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal(TimeSpan.FromSeconds(1), (await late)[Key].Window);
        Assert.Equal(5, asked);
    }

    private static IReadOnlyDictionary<UsageKey, UsageSample> Scrape(double cpu, DateTimeOffset at) =>
        new Dictionary<UsageKey, UsageSample> { [Key] = new(at, cpu, 1, null) };

    private static Usage? Between(UsageSample? before, UsageSample after) => UsageCollector.Between(
        before is null ? new Dictionary<UsageKey, UsageSample>() : new Dictionary<UsageKey, UsageSample> { [Key] = before },
        new Dictionary<UsageKey, UsageSample> { [Key] = after }).GetValueOrDefault(Key);

    private static UsageSample Sample(double at, double cpu, double startedAt = 0) =>
        new(Start.AddSeconds(at), cpu, 1024, Start.AddSeconds(startedAt));
}
