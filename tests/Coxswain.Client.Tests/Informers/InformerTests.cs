using System.Threading.Channels;
using Coxswain.Api.Core.V1;
using Coxswain.Api.Meta.V1;
using Coxswain.Client.Informers;
using Coxswain.Testing.Client;
using Coxswain.Testing.Cluster;
using Microsoft.Extensions.Logging.Abstractions;

namespace Coxswain.Client.Tests.Informers;

public sealed class InformerTests : IAsyncLifetime
{
    private readonly CancellationTokenSource _stop = new();
    private readonly Channel<string> _heard = Channel.CreateUnbounded<string>();
    private TestApiServer _server = null!;
    private InterceptedKubeClient _client = null!;
    private InformerFactory _factory = null!;
    private Informer<ConfigMap> _informer = null!;
    private Action<string> _beforeRequest = _ => { };
    private Task _running = Task.CompletedTask;

    public async Task InitializeAsync()
    {
        _server = await TestApiServer.StartAsync(TimeProvider.System);
        _client = new InterceptedKubeClient(_server.Admin, (verb, _) => _beforeRequest(verb));
        _factory = new InformerFactory(_client, TimeProvider.System, new Random(1), NullLoggerFactory.Instance);
        _informer = _factory.Of<ConfigMap>();
        _informer.OnChange((old, current) =>
        {
            // The server has ConfigMaps of its own, in kube-system.
            if ((current ?? old)!.Metadata.Namespace == "default")
            {
                _heard.Writer.TryWrite(
                    old is null ? $"+{current!.Metadata.Name}" : current is null ? $"-{old.Metadata.Name}" : $"~{current.Metadata.Name}");
            }
        });
        await _client.CreateAsync(Map("first"), default);
        _running = _factory.RunAsync(_stop.Token);
        await _factory.WaitForSyncAsync(Bounded.Token);
    }

    public async Task DisposeAsync()
    {
        await _stop.CancelAsync();
        await _running;
        _factory.Dispose();
        _stop.Dispose();
        await _server.DisposeAsync();
    }

    [Fact]
    public async Task Run_Changes_AreCachedAndToldInOrder()
    {
        var second = await _client.CreateAsync(Map("second"), default);
        await _client.UpdateAsync(second with { Data = new Dictionary<string, string> { ["a"] = "b" } }, default);
        await _client.DeleteAsync<ConfigMap>("default", "first", DeleteOptions.Empty, default);
        Assert.Equal(["+first", "+second", "~second", "-first"], await HearAsync(4));
        Assert.Equal("b", _informer.Get("default", "second")?.Data["a"]);
        Assert.Null(_informer.Get("default", "first"));
        Assert.Single(_informer.List("default"));
        Assert.Empty(_informer.List("other"));
    }

    [Fact]
    public async Task Run_LogCompacted_ListsAgainAndTellsOnlyWhatChanged()
    {
        await _client.CreateAsync(Map("second"), default);
        Assert.Equal(["+first", "+second"], await HearAsync(2));

        // What happens between the loss of the connection and the next watch is forgotten by then.
        var away = true;
        _beforeRequest = verb =>
        {
            if (verb == "watch" && Volatile.Read(ref away))
            {
                throw new IOException("the server is away");
            }
        };
        _client.CutWatches();
        await _server.Admin.DeleteAsync<ConfigMap>("default", "first", DeleteOptions.Empty, default);
        await _server.Admin.CreateAsync(Map("third"), default);
        await _server.Store.CompactAsync(await _server.Store.GetRevisionAsync(default), default);
        Volatile.Write(ref away, false);
        Assert.Equal(["+third", "-first"], (await HearAsync(2)).Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task Run_ListFails_IsRepeated()
    {
        var failures = 0;
        _beforeRequest = verb =>
        {
            if (verb == "list" && Interlocked.Increment(ref failures) <= 2)
            {
                throw new IOException("the server went away");
            }
        };
        var secrets = _factory.Of<Secret>();
        await secrets.WaitForSyncAsync(Bounded.Token);
        Assert.Equal(3, failures);
    }

    [Fact]
    public async Task ListByOwner_OwnedObject_IsFoundUntilItIsReleased()
    {
        var owner = new OwnerReference { ApiVersion = "v1", Kind = "ConfigMap", Name = "first", Uid = "u1" };
        var owned = await _client.CreateAsync(
            Map("owned") with { Metadata = Map("owned").Metadata with { OwnerReferences = [owner] } }, default);
        await HearAsync(2);
        Assert.Equal("owned", Assert.Single(_informer.ListByOwner("u1")).Metadata.Name);
        await _client.UpdateAsync(owned with { Metadata = owned.Metadata with { OwnerReferences = [] } }, default);
        await HearAsync(1);
        Assert.Empty(_informer.ListByOwner("u1"));
    }

    [Fact]
    public void Of_SameResource_IsShared()
    {
        Assert.Same(_informer, _factory.Of<ConfigMap>());
        Assert.NotSame(_informer, _factory.Of<ConfigMap>(new InformerOptions(Namespace: "default")));
    }

    private static ConfigMap Map(string name) => new() { Metadata = ObjectMeta.Empty with { Name = name, Namespace = "default" } };

    private async Task<List<string>> HearAsync(int count)
    {
        var heard = new List<string>();
        while (heard.Count < count)
        {
            heard.Add(await _heard.Reader.ReadAsync(Bounded.Token));
        }

        return heard;
    }
}
