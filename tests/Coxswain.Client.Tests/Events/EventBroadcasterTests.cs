using Coxswain.Api.Core.V1;
using Coxswain.Api.Meta.V1;
using Coxswain.Client.Events;
using Coxswain.Testing.Cluster;
using Microsoft.Extensions.Logging.Abstractions;

namespace Coxswain.Client.Tests.Events;

public sealed class EventBroadcasterTests
{
    private static readonly Pod Web = new() { Metadata = ObjectMeta.Empty with { Name = "web", Namespace = "default", Uid = "u1" } };

    [Fact]
    public async Task Record_SameEventThrice_RaisesTheCount()
    {
        var events = await RecordAsync(recorder =>
        {
            recorder.Warning(Web, "BackOff", "Back-off restarting failed container");
            recorder.Warning(Web, "BackOff", "Back-off restarting failed container");
            recorder.Warning(Web, "BackOff", "Back-off restarting failed container");
        }, found => found is [{ Count: 3 }]);
        Assert.Equal(("Warning", "kubelet", "node-1", "Pod"), (events[0].Type, events[0].Source.Component, events[0].Source.Host, events[0].InvolvedObject.Kind));
        Assert.StartsWith("web.", events[0].Metadata.Name, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Record_ManySimilar_AreCombined()
    {
        var events = await RecordAsync(recorder =>
        {
            for (var i = 0; i < 14; i++)
            {
                recorder.Normal(Web, "Pulled", $"Pulled image {i}");
            }
        }, found => found.Any(recorded => recorded is { Count: 4 or 5 } && recorded.Message.StartsWith("(combined from similar events): ", StringComparison.Ordinal)));
        Assert.InRange(events.Count, 10, 11);
    }

    [Fact]
    public async Task Record_Flood_IsCutOff()
    {
        var marker = Web with { Metadata = Web.Metadata with { Name = "marker", Uid = "u2" } };
        var events = await RecordAsync(recorder =>
        {
            for (var i = 0; i < 100; i++)
            {
                recorder.Normal(Web, $"Reason{i}", "text");
            }

            recorder.Normal(marker, "Last", "text");
        }, found => found.Any(recorded => recorded.Reason == "Last"));
        Assert.Equal(25, events.Count(recorded => recorded.InvolvedObject.Name == "web"));
    }

    private static async Task<IReadOnlyList<Event>> RecordAsync(Action<EventRecorder> record, Func<IReadOnlyList<Event>, bool> until)
    {
        await using var server = await TestApiServer.StartAsync(TimeProvider.System);
        var client = server.Admin;
        var broadcaster = new EventBroadcaster(client, TimeProvider.System, NullLogger<EventBroadcaster>.Instance);
        using var stop = new CancellationTokenSource();
        var running = broadcaster.RunAsync(stop.Token);
        record(broadcaster.RecorderFor("kubelet", "node-1"));
        try
        {
            while (true)
            {
                var list = await client.ListAsync<Event>("default", ListQuery.All, Bounded.Token);
                if (until(list.Items))
                {
                    return list.Items;
                }

                await foreach (var _ in client.WatchAsync<Event>("default", new WatchQuery(list.Metadata.ResourceVersion), Bounded.Token))
                {
                    break;
                }
            }
        }
        finally
        {
            await stop.CancelAsync();
            await running;
        }
    }
}
