using System.Threading.Channels;
using Coxswain.Api.Core.V1;
using Coxswain.Node.Probes;
using Coxswain.Node.Tests.Agent;
using Coxswain.Testing.Time;
using Microsoft.Extensions.Logging.Abstractions;

namespace Coxswain.Node.Tests.Probes;

public sealed class ProbeLoopTests : IAsyncLifetime
{
    private static readonly TimeSpan Period = TimeSpan.FromSeconds(7);

    private readonly VirtualTime _time = new();
    private readonly HttpStub _server = new(200);
    private readonly CancellationTokenSource _stopping = new();
    private readonly Channel<string> _told = Channel.CreateUnbounded<string>();
    private readonly Prober _prober;
    private Task _running = Task.CompletedTask;

    public ProbeLoopTests() => _prober = new Prober(null!, _time); // Only exec probes ask the runtime.

    public Task InitializeAsync() => Task.CompletedTask;

    public async Task DisposeAsync()
    {
        await _stopping.CancelAsync();
        await _running.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await _server.DisposeAsync();
        _prober.Dispose();
        _stopping.Dispose();
    }

    [Fact]
    public async Task Run_InitialDelay_CountsFromTheContainersStart()
    {
        Start(ProbeKind.Readiness, new Probe { InitialDelaySeconds = 20 }, startedBefore: TimeSpan.FromSeconds(5));
        await _time.ArmedAsync(TimeSpan.FromSeconds(15), TestNode.Timeout);
        Assert.Empty(_server.Requests);
        _time.Advance(TimeSpan.FromSeconds(15));
        Assert.Equal("Readiness True", await ToldAsync());
    }

    [Fact]
    public async Task Run_FailureThreshold_NeedsThatManyInARow()
    {
        Start(ProbeKind.Liveness, new Probe { FailureThreshold = 2 }, initially: true);
        await NextAsync(500);
        Assert.Equal("failed", await ToldAsync());
        await NextAsync(200);
        await NextAsync(500);
        Assert.Equal("failed", await ToldAsync());
        await NextAsync(500);
        Assert.Equal(["failed", "Liveness False"], [await ToldAsync(), await ToldAsync()]);
        await _running; // An unhealthy container is not asked again.
        Assert.Equal(5, _server.Requests.Count);
    }

    [Fact]
    public async Task Run_SuccessThreshold_NeedsThatManyInARow()
    {
        _server.Code = 500;
        Start(ProbeKind.Readiness, new Probe { SuccessThreshold = 2, FailureThreshold = 1 }, initially: false);
        Assert.Equal("failed", await ToldAsync());
        await NextAsync(200);
        await NextAsync(500);
        Assert.Equal("failed", await ToldAsync());
        await NextAsync(200);
        await NextAsync(200);
        Assert.Equal("Readiness True", await ToldAsync());
        await NextAsync(500);
        Assert.Equal(["failed", "Readiness False"], [await ToldAsync(), await ToldAsync()]);
    }

    [Fact]
    public async Task Run_Startup_EndsWithItsFirstVerdict()
    {
        _server.Code = 500;
        Start(ProbeKind.Startup, new Probe { FailureThreshold = 3 });
        Assert.Equal("failed", await ToldAsync());
        await NextAsync(200);
        Assert.Equal("Startup True", await ToldAsync());
        await _running;
    }

    private void Start(ProbeKind kind, Probe probe, bool? initially = null, TimeSpan startedBefore = default)
    {
        var target = new ProbeTarget("id", "127.0.0.1", new Container { Name = "web" });
        var run = new ProbeRun(
            kind, probe with { HttpGet = new HTTPGetAction { Port = _server.Port }, PeriodSeconds = (int)Period.TotalSeconds, TimeoutSeconds = 60 }, target,
            _time.GetUtcNow() - startedBefore, initially, holds => _told.Writer.TryWrite($"{kind} {holds}"), _ => _told.Writer.TryWrite("failed"),
            _ => _told.Writer.TryWrite("warned"));
        _running = new ProbeLoop(_prober, new ProbeCounts(), _time, NullLogger.Instance).RunAsync(run, _stopping.Token);
    }

    /// <summary>Lets the next probe see this status code, once the one before is over.</summary>
    private async Task NextAsync(int code)
    {
        await _time.ArmedAsync(Period, TestNode.Timeout);
        _server.Code = code;
        _time.Advance(Period);
    }

    private async Task<string> ToldAsync() => await _told.Reader.ReadAsync(TestNode.Timeout);
}
