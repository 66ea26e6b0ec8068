using Coxswain.Engine.Events;

namespace Coxswain.Engine.Tests.Events;

public sealed class EventLogTests
{
    private readonly EventLog _log = new(TimeProvider.System);

    [Fact]
    public async Task Subscribe_SinceASequence_GoesOnFromThere()
    {
        var first = Publish("a");
        Publish("b");
        using var events = _log.Subscribe(first.Sequence);
        Publish("c");
        Assert.Equal(["b", "c"], [(await ReadAsync(events)).Subject, (await ReadAsync(events)).Subject]);
    }

    [Fact]
    public async Task Subscribe_SinceWhatIsNoLongerKept_IsTold()
    {
        var first = Publish("first");
        for (var i = 0; i < EventLog.MostKept + 1; i++)
        {
            Publish($"{i}");
        }

        using var events = _log.Subscribe(first.Sequence);
        Assert.Equal(EngineEventType.Lost, (await ReadAsync(events)).Type);
        Assert.Equal("1", (await ReadAsync(events)).Subject);
        Assert.Equal(EventLog.MostKept, _log.History().Count);
    }

    [Fact]
    public async Task Subscribe_SinceAnEarlierEngine_IsTold()
    {
        var before = Publish("of the engine before");
        var later = new EventLog(TimeProvider.System);
        Assert.True(later.LastSequence > before.Sequence - 1);
        using var events = later.Subscribe(before.Sequence - 1);
        Assert.Equal(EngineEventType.Lost, (await ReadAsync(events)).Type);
    }

    [Fact]
    public async Task Subscriber_TooSlow_IsToldAndCanGoOn()
    {
        using var events = _log.Subscribe();
        for (var i = 0; i < EventLog.MostKept + 2; i++)
        {
            Publish($"{i}");
        }

        var lost = await ReadAsync(events);
        Assert.Equal((EngineEventType.Lost, _log.LastSequence), (lost.Type, lost.Sequence));
        var next = Publish("next");
        Assert.Equal(next, await ReadAsync(events));
    }

    private EngineEvent Publish(string subject) => _log.Publish(EngineEventType.ContainerCreated, subject);

    private static async Task<EngineEvent> ReadAsync(IEventSubscription events)
    {
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        return await events.ReadAsync(patience.Token);
    }
}
