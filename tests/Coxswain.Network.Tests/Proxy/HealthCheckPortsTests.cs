using System.Net;
using System.Net.Sockets;
using Coxswain.Network.Proxy;
using Microsoft.Extensions.Logging.Abstractions;

namespace Coxswain.Network.Tests.Proxy;

public sealed class HealthCheckPortsTests : IAsyncLifetime
{
    private readonly CancellationTokenSource _stop = new();
    private readonly HealthCheckPorts _ports = new([IPAddress.Loopback], TimeProvider.System, NullLogger.Instance);
    private readonly HttpClient _client = new();
    private Task _running = Task.CompletedTask;

    public Task InitializeAsync()
    {
        _running = _ports.RunAsync(_stop.Token);
        return Task.CompletedTask;
    }

    public async Task DisposeAsync()
    {
        await _stop.CancelAsync();
        await _running;
        _client.Dispose();
    }

    [Fact]
    public async Task Service_WithAndWithoutEndpoints_SaysSoUntilItIsGone()
    {
        var port = FreePort();
        _ports.Replace(new("default", "web"), port, 2);

        using var healthy = await AskAsync(port);
        Assert.Equal(HttpStatusCode.OK, healthy!.StatusCode);
        Assert.Contains("\"localEndpoints\":2", await healthy.Content.ReadAsStringAsync(), StringComparison.Ordinal);

        _ports.Replace(new("default", "web"), port, 0);
        using var without = await AskAsync(port);
        Assert.Equal(HttpStatusCode.ServiceUnavailable, without!.StatusCode);

        _ports.Replace(new("default", "web"), 0, 0);
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        while (await TryAskAsync(port) is { } still)
        {
            still.Dispose();
            patience.Token.ThrowIfCancellationRequested();
        }
    }

    [Fact]
    public async Task Clients_ThatSayNothing_DoNotKeepOthersOutForEver()
    {
        var port = FreePort();
        _ports.Replace(new("default", "web"), port, 1);
        using var first = await AskAsync(port);
        var silent = Enumerable.Range(0, 40).Select(_ => new TcpClient()).ToList();
        foreach (var client in silent.Take(16))
        {
            await client.ConnectAsync(IPAddress.Loopback, port);
        }

        using var answer = await AskAsync(port);
        Assert.Equal(HttpStatusCode.OK, answer!.StatusCode);
        silent.ForEach(client => client.Dispose());
    }

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    private async Task<HttpResponseMessage?> AskAsync(int port)
    {
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        while (true)
        {
            if (await TryAskAsync(port) is { } answer)
            {
                return answer;
            }

            // It listens a moment after it was told to.
            patience.Token.ThrowIfCancellationRequested();
        }
    }

    private async Task<HttpResponseMessage?> TryAskAsync(int port)
    {
        try
        {
            return await _client.GetAsync(new Uri($"http://127.0.0.1:{port}/healthz"));
        }
        catch (HttpRequestException)
        {
            return null;
        }
    }
}
