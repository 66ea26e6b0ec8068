using Coxswain.Api.Core.V1;
using Coxswain.Client.Events;
using Coxswain.Node.Containers;
using Coxswain.Node.Planning;
using Coxswain.Node.PodFacts;
using Coxswain.Node.Runtime;

namespace Coxswain.Node.Pods;

/// <summary>
/// Gives one pod's containers what their spec asks for since it was changed, when the node has it: until then they keep what they were
/// allocated. For the worker's loop alone.
/// </summary>
/// <param name="admit">Why the node cannot give a pod what it asks for now; null when it can.</param>
internal sealed class ResizePhase(
    IPodRuntime runtime, Func<Pod, PodFailure?> admit, PodOperations operations, EventRecorder events, TimeProvider time)
{
    /// <summary>How soon limits that the kernel refused are tried again.</summary>
    private static readonly TimeSpan RetryDelay = TimeSpan.FromSeconds(10);

    /// <summary>Why the pod does not get what it asks for; null when it does.</summary>
    public PodFailure? Pending { get; private set; }

    /// <summary>The pod with the resources its containers are to have.</summary>
    /// <param name="before">What <see cref="Allocate"/> gave last.</param>
    public Pod Allocate(Pod wanted, Pod before)
    {
        var kept = wanted with
        {
            Spec = wanted.Spec with
            {
                Containers = Keep(wanted.Spec.Containers, before.Spec.Containers),
                InitContainers = Keep(wanted.Spec.InitContainers, before.Spec.InitContainers),
            },
        };
        var refused = kept.Spec == wanted.Spec ? null : admit(wanted);
        if (refused is not null && refused != Pending)
        {
            events.Warning(wanted, "Resize" + refused.Reason, $"Pod resize {refused.Reason}: {refused.Message}");
        }

        Pending = refused;
        return refused is null ? wanted : kept;
    }

    /// <param name="pod">With the resources its containers are to have.</param>
    /// <param name="sandbox">As it is.</param>
    public void Begin(ContainerSlot slot, Pod pod, SandboxConfig sandbox, CancellationToken cancellationToken)
    {
        if (slot.View is not { IsRunning: true, Current: { } current, Wanted: var wanted })
        {
            return;
        }

        slot.Set(view => view with { Resizing = true });
        operations.Begin(
            "resize/" + slot.Name, stop => UpdateAsync(pod, sandbox, slot.Name, current.Id, wanted, stop), error => Done(slot, error),
            () => Done(slot, "the runtime failed"), cancellationToken);
    }

    /// <summary>Empty when it went well, otherwise why it did not.</summary>
    private async Task<string> UpdateAsync(
        Pod pod, SandboxConfig sandbox, string container, string id, ContainerResources wanted, CancellationToken cancellationToken)
    {
        var fieldPath = ContainerStarter.FieldPath(pod, container);
        var whole = PodAmounts.Of(pod.Spec);
        try
        {
            // Wide enough for what is and for what comes, until this container has changed; exact when the last one has.
            await runtime.UpdatePodSandboxResourcesAsync(sandbox.Id, PodAmounts.Most(sandbox.Resources, whole), cancellationToken);
            await runtime.UpdateContainerResourcesAsync(id, wanted, cancellationToken);
            await runtime.UpdatePodSandboxResourcesAsync(sandbox.Id, whole, cancellationToken);
            events.Normal(pod, "ResizeCompleted", $"Container {container} has its new resources", fieldPath);
            return "";
        }
        catch (RuntimeException exception)
        {
            events.Warning(pod, "ResizeError", $"Error: {exception.Message}", fieldPath);
            return exception.Message;
        }
    }

    private void Done(ContainerSlot slot, string error) => slot.Set(view => view with
    {
        Resizing = false, ResizeError = error, ResizeNotBefore = error.Length == 0 ? null : time.GetUtcNow() + RetryDelay,
    });

    private static IReadOnlyList<Container> Keep(IReadOnlyList<Container> wanted, IReadOnlyList<Container> before) =>
        wanted.Count == before.Count ? [.. wanted.Zip(before, (now, old) => now with { Resources = old.Resources })] : wanted;
}
