using Coxswain.Api.Core.V1;
using Coxswain.Node.Containers;
using Coxswain.Node.Planning;
using Coxswain.Node.Probes;

namespace Coxswain.Node.Pods;

/// <summary>Ends attempts at one pod's containers. For the worker's loop alone.</summary>
internal sealed class StopPhase(ContainerStopper stopper, PodOperations operations)
{
    /// <param name="address">Where its hooks go.</param>
    public void Begin(ContainerSlot slot, Pod pod, StopContainer stop, string address, CancellationToken cancellationToken)
    {
        if (slot.View.Current is not { } current)
        {
            return;
        }

        var target = new ProbeTarget(current.Id, address, slot.View.Spec);
        var hasten = slot.View.StoppingUntil is not null;
        var ended = slot.AttemptEnded;
        slot.Set(view => view with { StoppingUntil = stop.KillAt });

        // A shorter grace comes as another operation, beside the one that it shortens.
        operations.Begin(
            $"stop/{current.Id}/{stop.KillAt.Ticks}",
            token => hasten ? stopper.HastenAsync(current.Id, stop.KillAt, token) : stopper.StopAsync(pod, target, stop, ended, token),
            _ => Stopped(slot), () => Stopped(slot), cancellationToken);
    }

    private static void Stopped(ContainerSlot slot) => slot.Set(view => view with { StoppingUntil = null });
}
