using Coxswain.Api.Core.V1;
using Coxswain.Client.Events;
using Coxswain.Node.Containers;

namespace Coxswain.Node.Pods;

/// <summary>How an image that cannot be had shows itself: first the error, then that it is waited for.</summary>
internal static class PullBackOff
{
    /// <summary>How long a failed pull shows itself before the back-off does.</summary>
    private static readonly TimeSpan ErrorShown = TimeSpan.FromSeconds(2);

    public static void Begin(ContainerSlot slot, AttemptFailedException failure, DateTimeOffset now)
    {
        slot.Pulls.Next(now, now);
        slot.BacksOffAt = now + ErrorShown;
        slot.Set(view => view with
        {
            NotBefore = now + slot.Pulls.Delay,
            Waiting = new ContainerStateWaiting { Reason = failure.Reason, Message = failure.Message },
        });
    }

    /// <summary>Shows the back-off once its time has come.</summary>
    public static void Show(ContainerSlot slot, Pod pod, EventRecorder events, TimeProvider time)
    {
        if (slot.BacksOffAt is not { } at || time.GetUtcNow() < at)
        {
            return;
        }

        slot.BacksOffAt = null;
        if (slot.View.Waiting is not { Reason: "ErrImagePull" } waiting)
        {
            return;
        }

        var fieldPath = ContainerStarter.FieldPath(pod, slot.Name);
        var message = $"Back-off pulling image \"{slot.View.Spec.Image}\"";
        slot.Set(view => view with
        {
            Waiting = new ContainerStateWaiting { Reason = "ImagePullBackOff", Message = $"{message}: ErrImagePull: {waiting.Message}" },
        });
        events.Normal(pod, "BackOff", message, fieldPath);
        events.Warning(pod, "Failed", "Error: ImagePullBackOff", fieldPath);
    }
}
