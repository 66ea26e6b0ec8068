using Coxswain.Api.Core.V1;
using Coxswain.Client.Events;
using Coxswain.Node.Planning;
using Coxswain.Node.Probes;
using Coxswain.Node.Runtime;

namespace Coxswain.Node.Containers;

/// <summary>
/// Ends a container: once nothing new is led to a pod that ends, its preStop hook, its stop signal, and when its time is up SIGKILL.
/// </summary>
internal sealed class ContainerStopper(IPodRuntime runtime, HookRunner hooks, TrafficGate gate, EventRecorder events, TimeProvider time)
{
    /// <summary>What a container gets after its hook used up all the time, as in the kubelet.</summary>
    private static readonly TimeSpan LeastGrace = TimeSpan.FromSeconds(2);

    /// <param name="attemptEnded">Cancelled when the container has ended by itself, which its hook then need not outlive.</param>
    public async Task<bool> StopAsync(
        Pod pod, ProbeTarget target, StopContainer stop, CancellationToken attemptEnded, CancellationToken cancellationToken)
    {
        var fieldPath = ContainerStarter.FieldPath(pod, target.Container.Name);
        events.Normal(pod, "Killing", stop.Message, fieldPath);
        var grace = stop.KillAt - time.GetUtcNow();
        using var linked = CancellationTokenSource.CreateLinkedTokenSource(attemptEnded, cancellationToken);
        try
        {
            await gate.WaitAsync(pod, grace, linked.Token);
            if (target.Container.Lifecycle?.PreStop is { } hook && grace > TimeSpan.Zero)
            {
                if (await hooks.RunAsync(hook, target, stop.KillAt - time.GetUtcNow(), linked.Token) is { } failure)
                {
                    events.Warning(pod, "FailedPreStopHook", failure, fieldPath);
                }

                var left = stop.KillAt - time.GetUtcNow();
                grace = left > LeastGrace ? left : LeastGrace;
            }
            else
            {
                grace = stop.KillAt - time.GetUtcNow();
            }
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return true;
        }

        await runtime.StopContainerAsync(target.ContainerId, grace > TimeSpan.Zero ? grace : TimeSpan.Zero, cancellationToken);
        return true;
    }

    /// <summary>Shortens the time of a container that is being stopped.</summary>
    public async Task<bool> HastenAsync(string containerId, DateTimeOffset killAt, CancellationToken cancellationToken)
    {
        var grace = killAt - time.GetUtcNow();
        await runtime.StopContainerAsync(containerId, grace > TimeSpan.Zero ? grace : TimeSpan.Zero, cancellationToken);
        return true;
    }
}
