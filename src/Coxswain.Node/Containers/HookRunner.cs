using Coxswain.Api.Core.V1;
using Coxswain.Node.Probes;
using Coxswain.Node.Runtime;

namespace Coxswain.Node.Containers;

/// <summary>Runs postStart and preStop hooks.</summary>
internal sealed class HookRunner(IPodRuntime runtime, TimeProvider time) : IDisposable
{
    private readonly HttpProber _http = new();

    /// <summary>Null when it went well, otherwise the words of the event.</summary>
    /// <param name="timeout">Null for as long as it takes.</param>
    public async Task<string?> RunAsync(
        LifecycleHandler hook, ProbeTarget target, TimeSpan? timeout, CancellationToken cancellationToken)
    {
        using var limit = new CancellationTokenSource(timeout ?? Timeout.InfiniteTimeSpan, time);
        using var linked = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellationToken);
        try
        {
            return await RunAsync(hook, target, linked.Token);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return "hook did not complete within the termination grace period";
        }
        catch (Exception exception) when (!cancellationToken.IsCancellationRequested)
        {
            // Whatever a pod's author wrote there: it must not keep a container from its end.
            return exception.Message;
        }
    }

    public void Dispose() => _http.Dispose();

    private async Task<string?> RunAsync(LifecycleHandler hook, ProbeTarget target, CancellationToken cancellationToken)
    {
        switch (hook)
        {
            case { Exec: { } exec }:
                var result = await runtime.ExecSyncAsync(target.ContainerId, exec.Command, cancellationToken);
                return result.ExitCode == 0
                    ? null
                    : $"command '{string.Join(' ', exec.Command)}' exited with {result.ExitCode}: {result.Output}";
            case { HttpGet: { } get }:
                var answer = await _http.GetAsync(get, target, cancellationToken);
                return answer.Outcome == ProbeOutcome.Success ? null : answer.Message;
            case { Sleep: { } sleep }:
                await Task.Delay(TimeSpan.FromSeconds(sleep.Seconds), time, cancellationToken);
                return null;
            default:
                return null;
        }
    }
}
