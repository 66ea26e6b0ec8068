using System.Threading.Channels;
using Coxswain.Api.Core.V1;
using Coxswain.Api.Meta.V1;
using Coxswain.Client.Informers;
using Microsoft.Extensions.Logging.Abstractions;

namespace Coxswain.Client.Tests.Http;

public sealed class HttpWatchTests
{
    [Fact]
    public async Task Informer_ServerRestarts_ResumesWhereTheWatchEnded()
    {
        await using var server = await RestartedServer.StartAsync();
        using var client = server.Connect();
        using var informers = new InformerFactory(client, TimeProvider.System, new Random(1), NullLoggerFactory.Instance);
        var seen = Channel.CreateUnbounded<string>();
        informers.Of<ConfigMap>(new InformerOptions(Namespace: "default")).OnChange((old, current) =>
            seen.Writer.TryWrite($"{(old is null ? "added" : current is null ? "deleted" : "modified")} {(current ?? old!).Metadata.Name}"));
        using var stop = new CancellationTokenSource();
        var running = informers.RunAsync(stop.Token);

        await CreateAsync("before");
        Assert.Equal("added before", await seen.Reader.ReadAsync(Bounded.Token));
        await server.StopAsync();

        // A list would never tell of one that came and went; only a watch resumed from before does.
        await CreateAsync("meanwhile");
        await server.InProcess.DeleteAsync<ConfigMap>("default", "meanwhile", DeleteOptions.Empty, default);
        await server.ComeBackAsync();
        Assert.Equal("added meanwhile", await seen.Reader.ReadAsync(Bounded.Token));
        Assert.Equal("deleted meanwhile", await seen.Reader.ReadAsync(Bounded.Token));
        await CreateAsync("after");
        Assert.Equal("added after", await seen.Reader.ReadAsync(Bounded.Token));

        await stop.CancelAsync();
        await running;

        Task CreateAsync(string name) => server.InProcess.CreateAsync(new ConfigMap { Metadata = ObjectMeta.Empty with { Name = name, Namespace = "default" } }, default);
    }
}
