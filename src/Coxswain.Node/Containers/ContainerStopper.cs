using Coxswain.Api.Core.V1;
using Coxswain.Client.Events;
using Coxswain.Node.Probes;
using Coxswain.Node.Runtime;

namespace Coxswain.Node.Containers;

/// <summary>Ends a container: its preStop hook, its stop signal, and when its time is up SIGKILL.</summary>
internal sealed class ContainerStopper(IPodRuntime runtime, HookRunner hooks, EventRecorder events, TimeProvider time)
{
    /// <summary>What a container gets after its hook used up all the time, as in the kubelet.</summary>
    private static readonly TimeSpan LeastGrace = TimeSpan.FromSeconds(2);

    public async Task StopAsync(Pod pod, ProbeTarget target, string message, DateTimeOffset killAt, CancellationToken cancellationToken)
    {
        var fieldPath = ContainerStarter.FieldPath(pod, target.Container.Name);
        events.Normal(pod, "Killing", message, fieldPath);
        var grace = killAt - time.GetUtcNow();
        if (target.Container.Lifecycle?.PreStop is { } hook && grace > TimeSpan.Zero)
        {
            if (await hooks.RunAsync(hook, target, grace, cancellationToken) is { } failure)
            {
                events.Warning(pod, "FailedPreStopHook", failure, fieldPath);
            }

            var left = killAt - time.GetUtcNow();
            grace = left > LeastGrace ? left : LeastGrace;
        }

        await runtime.StopContainerAsync(target.ContainerId, grace > TimeSpan.Zero ? grace : TimeSpan.Zero, cancellationToken);
    }

    /// <summary>Shortens the time of a container that is being stopped.</summary>
    public Task HastenAsync(string containerId, DateTimeOffset killAt, CancellationToken cancellationToken)
    {
        var grace = killAt - time.GetUtcNow();
        return runtime.StopContainerAsync(containerId, grace > TimeSpan.Zero ? grace : TimeSpan.Zero, cancellationToken);
    }
}
