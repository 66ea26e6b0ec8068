using Coxswain.Api.Core.V1;

namespace Coxswain.Node.Probes;

/// <summary>What a container's probes have to say to its pod's worker.</summary>
/// <param name="Verdict">The kind, and whether it holds now.</param>
/// <param name="Failed">The kind, and the words of one failure.</param>
/// <param name="Warned">The kind, and what a success is to be looked at for.</param>
internal sealed record ProbeListener(
    Action<ProbeKind, bool> Verdict, Action<ProbeKind, string> Failed, Action<ProbeKind, string> Warned);

/// <summary>The probes of one attempt at a container: startup first, then liveness and readiness side by side.</summary>
internal sealed class ContainerProbes : IAsyncDisposable
{
    private readonly CancellationTokenSource _cancellation = new();
    private readonly Task _running;

    /// <param name="startupPassed">True when the attempt was adopted after it had started.</param>
    /// <param name="ready">The readiness known so far.</param>
    public ContainerProbes(
        ProbeLoop loop, ProbeTarget target, DateTimeOffset startedAt, bool startupPassed, bool ready, ProbeListener listener) =>
        _running = RunAsync(loop, target, startedAt, startupPassed, ready, listener);

    public async ValueTask DisposeAsync()
    {
        await _cancellation.CancelAsync();
        await _running;
        _cancellation.Dispose();
    }

    private async Task RunAsync(
        ProbeLoop loop, ProbeTarget target, DateTimeOffset startedAt, bool startupPassed, bool ready, ProbeListener listener)
    {
        await Task.Yield();
        var container = target.Container;
        try
        {
            if (container.StartupProbe is { } startup && !startupPassed)
            {
                var passed = false;
                await loop.RunAsync(
                    Run(ProbeKind.Startup, startup, null, verdict => passed = verdict), _cancellation.Token);
                if (!passed)
                {
                    return;
                }
            }

            var loops = new List<Task>();
            if (container.LivenessProbe is { } liveness)
            {
                loops.Add(loop.RunAsync(Run(ProbeKind.Liveness, liveness, true, _ => { }), _cancellation.Token));
            }

            if (container.ReadinessProbe is { } readiness)
            {
                loops.Add(loop.RunAsync(Run(ProbeKind.Readiness, readiness, ready, _ => { }), _cancellation.Token));
            }

            await Task.WhenAll(loops);
        }
        catch (OperationCanceledException) when (_cancellation.IsCancellationRequested)
        {
        }

        ProbeRun Run(ProbeKind kind, Probe probe, bool? initially, Action<bool> also) => new(
            kind, probe, target, startedAt, initially,
            verdict =>
            {
                also(verdict);
                listener.Verdict(kind, verdict);
            },
            message => listener.Failed(kind, message), message => listener.Warned(kind, message));
    }
}
