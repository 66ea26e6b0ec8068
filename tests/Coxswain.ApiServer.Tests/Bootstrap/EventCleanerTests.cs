using System.Text;
using Coxswain.ApiServer.Bootstrap;
using Coxswain.Store;
using Coxswain.Store.Memory;
using Coxswain.Testing.Time;
using Microsoft.Extensions.Logging.Abstractions;

namespace Coxswain.ApiServer.Tests.Bootstrap;

public sealed class EventCleanerTests : IAsyncLifetime
{
    private static readonly TimeSpan Lifetime = TimeSpan.FromHours(1);

    private readonly VirtualTime _time = new();
    private MemoryStore _store = null!;
    private EventCleaner _cleaner = null!;

    public Task InitializeAsync()
    {
        _store = new MemoryStore(new StoreOptions(), _time);
        _cleaner = new EventCleaner(_store, Lifetime, _time, NullLogger<EventCleaner>.Instance);
        return Task.CompletedTask;
    }

    public async Task DisposeAsync() => await _store.DisposeAsync();

    [Fact]
    public async Task Clean_OfManyOldEvents_RemovesThemAllAndNoOther()
    {
        for (var i = 0; i < 200; i++)
        {
            await PutAsync($"old{i}", "2029-12-31T22:00:00Z");
        }

        await PutAsync("new", "2029-12-31T23:30:00Z");
        await _cleaner.CleanAsync(default);
        Assert.Equal(["new"], await NamesAsync());
    }

    [Fact]
    public async Task Clean_OfAnEventFromTheFuture_RemovesItOnceItWasKeptForALifetime()
    {
        await PutAsync("e", "2999-01-01T00:00:00Z");
        await _cleaner.CleanAsync(default);
        _time.Advance(Lifetime / 2);
        await PutAsync("later", "2999-01-01T00:00:00Z");
        await _cleaner.CleanAsync(default);
        Assert.Equal(["e", "later"], await NamesAsync());
        _time.Advance(Lifetime / 2);
        await _cleaner.CleanAsync(default);
        Assert.Equal(["later"], await NamesAsync());
    }

    private async Task PutAsync(string name, string seen)
    {
        var json = $$$"""{"metadata":{"name":"{{{name}}}","namespace":"default"},"lastTimestamp":"{{{seen}}}"}""";
        await _store.WriteAsync(StoreWrite.Put("/registry/core/events/default/" + name, Encoding.UTF8.GetBytes(json), 0), default);
    }

    private async Task<IEnumerable<string>> NamesAsync() =>
        (await _store.ListAsync(new ListQuery("/registry/core/events/"), default)).Entries.Select(entry => entry.Key.Split('/')[^1]);
}
