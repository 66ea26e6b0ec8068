using Coxswain.Api.Core.V1;
using Coxswain.Client.Events;
using Coxswain.Node.Planning;
using Coxswain.Node.Probes;
using Coxswain.Node.Runtime;

namespace Coxswain.Node.Containers;

/// <summary>Ends a container: its preStop hook, its stop signal, and when its time is up SIGKILL.</summary>
internal sealed class ContainerStopper(IPodRuntime runtime, HookRunner hooks, EventRecorder events, TimeProvider time)
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
        if (target.Container.Lifecycle?.PreStop is { } hook && grace > TimeSpan.Zero)
        {
            using var linked = CancellationTokenSource.CreateLinkedTokenSource(attemptEnded, cancellationToken);
            try
            {
                if (await hooks.RunAsync(hook, target, grace, linked.Token) is { } failure)
                {
                    events.Warning(pod, "FailedPreStopHook", failure, fieldPath);
                }
            }
            catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
            {
                return true;
            }

            var left = stop.KillAt - time.GetUtcNow();
            grace = left > LeastGrace ? left : LeastGrace;
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
