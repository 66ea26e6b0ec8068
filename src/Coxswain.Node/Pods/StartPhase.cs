using Coxswain.Api.Core.V1;
using Coxswain.Client.Events;
using Coxswain.Node.Containers;
using Coxswain.Node.Files;
using Coxswain.Node.Planning;
using Coxswain.Node.PodFacts;
using Coxswain.Node.Probes;
using Coxswain.Node.Runtime;

namespace Coxswain.Node.Pods;

/// <summary>Brings attempts at one pod's containers up: image, container, process, postStart hook. For the worker's loop alone.</summary>
internal sealed class StartPhase(
    IPodRuntime runtime, ContainerStarter starter, HookRunner hooks, NodePaths paths, string nodeAddress, PodOperations operations,
    EventRecorder events, TimeProvider time) : IDisposable
{
    /// <summary>How soon what failed for want of a ConfigMap or Secret is tried again.</summary>
    private static readonly TimeSpan ConfigurationRetry = TimeSpan.FromSeconds(5);

    private readonly CancellationTokenSource _cancelled = new();

    public void Begin(
        ContainerSlot slot, PodView view, IReadOnlyDictionary<string, string> volumePaths, CancellationToken cancellationToken)
    {
        if (slot.View.Current is { State: ContainerRunState.Exited } ended)
        {
            slot.Crashes.Next(ended.FinishedAt ?? view.Now, view.Now);
        }

        slot.Set(container => container with { Starting = true });
        var addresses = view.Pod.Spec.HostNetwork ? [nodeAddress] : view.Sandbox?.Addresses ?? [];
        var start = new ContainerStart(
            view.Pod, slot.View.Spec, slot.NextAttempt, addresses, volumePaths,
            created => operations.Post(() => Created(slot, view.Pod, created, cancellationToken)))
        {
            TargetId = TargetId(slot, view),
        };
        operations.Begin(
            "start/" + slot.Name, stop => StartAsync(start, stop), failure => Done(slot, start, failure, cancellationToken),
            () => slot.Set(container => container with { Starting = false }), cancellationToken);
    }

    /// <summary>The pod is ending: nothing starts any more, and what is on its way is given up. For good.</summary>
    public void Cancel() => _cancelled.Cancel();

    public void Dispose() => _cancelled.Dispose();

    private static string TargetId(ContainerSlot slot, PodView view)
    {
        var name = EphemeralContainers.TargetOf(view.Pod, slot.Name);
        return view.Containers.FirstOrDefault(container => container.Spec.Name == name) is { IsRunning: true, Current: { } target } ? target.Id : "";
    }

    /// <summary>Null when it went well, or was given up.</summary>
    private async Task<AttemptFailedException?> StartAsync(ContainerStart start, CancellationToken cancellationToken)
    {
        using var linked = CancellationTokenSource.CreateLinkedTokenSource(_cancelled.Token, cancellationToken);
        try
        {
            await starter.StartAsync(start, linked.Token);
            return null;
        }
        catch (AttemptFailedException failure)
        {
            return failure;
        }
        catch (OperationCanceledException) when (_cancelled.IsCancellationRequested)
        {
            return null;
        }
    }

    private void Created(ContainerSlot slot, Pod pod, ContainerInfo created, CancellationToken cancellationToken)
    {
        var old = slot.View.Current;
        slot.Take(created);
        slot.Pulls.Reset();
        if (old is { Id.Length: > 0 })
        {
            BeginRemoval(pod, old, cancellationToken);
        }
    }

    private void BeginRemoval(Pod pod, ContainerInfo old, CancellationToken cancellationToken) =>
        operations.Begin(
            "remove/" + old.Id, _ => RemoveAsync(pod, old), _ => { }, () => BeginRemoval(pod, old, cancellationToken), cancellationToken);

    /// <summary>Not cut short when the agent stops: the next one would take it for the newest attempt.</summary>
    private async Task<bool> RemoveAsync(Pod pod, ContainerInfo old)
    {
        await runtime.RemoveContainerAsync(old.Id, CancellationToken.None);
        PodRemoval.ForgetAttempts(paths, pod, old.Name, keep: old.Attempt);
        return true;
    }

    private void Done(ContainerSlot slot, ContainerStart start, AttemptFailedException? failure, CancellationToken cancellationToken)
    {
        slot.Set(view => view with { Starting = false });
        if (failure is not null)
        {
            Failed(slot, start, failure);
        }
        else if (start.Container.Lifecycle?.PostStart is { } hook && slot.View.Current is { State: not ContainerRunState.Exited } current
            && !_cancelled.IsCancellationRequested)
        {
            BeginPostStart(slot, start, hook, current.Id, cancellationToken);
        }
    }

    private void Failed(ContainerSlot slot, ContainerStart start, AttemptFailedException failure)
    {
        var now = time.GetUtcNow();
        switch (failure.Failure)
        {
            case StartFailure.Image:
                PullBackOff.Begin(slot, failure, now);
                break;
            case StartFailure.Configuration:
                slot.Set(view => view with
                {
                    NotBefore = now + ConfigurationRetry,
                    Waiting = new ContainerStateWaiting { Reason = failure.Reason, Message = failure.Message },
                });
                break;
            default:
                var (pod, container) = (start.Pod, start.Container);
                slot.Take(new ContainerInfo("", pod.Metadata.Uid, container.Name, start.Attempt, container.Image, "", ContainerRunState.Exited, now)
                {
                    FinishedAt = now,
                    ExitCode = failure.ExitCode,
                    Reason = "StartError",
                    Message = failure.Message,
                });
                break;
        }
    }

    private void BeginPostStart(
        ContainerSlot slot, ContainerStart start, LifecycleHandler hook, string containerId, CancellationToken cancellationToken)
    {
        var target = new ProbeTarget(containerId, start.PodAddresses.Count > 0 ? start.PodAddresses[0] : nodeAddress, start.Container);
        var ended = slot.AttemptEnded;
        operations.Begin(
            "post-start/" + containerId, stop => PostStartAsync(start.Pod, hook, target, ended, stop), went => PostStarted(slot, containerId, went),
            () => PostStarted(slot, containerId, false), cancellationToken);
    }

    private async Task<bool> PostStartAsync(
        Pod pod, LifecycleHandler hook, ProbeTarget target, CancellationToken attemptEnded, CancellationToken cancellationToken)
    {
        using var linked = CancellationTokenSource.CreateLinkedTokenSource(attemptEnded, _cancelled.Token, cancellationToken);
        try
        {
            if (await hooks.RunAsync(hook, target, null, linked.Token) is not { } failure)
            {
                return true;
            }

            events.Warning(
                pod, "FailedPostStartHook", $"PostStartHook failed: {failure}", ContainerStarter.FieldPath(pod, target.Container.Name));
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            // The attempt has ended, or the pod is ending: there is nobody to wait for the hook.
        }

        return false;
    }

    private static void PostStarted(ContainerSlot slot, string containerId, bool succeeded)
    {
        if (slot.View.Current?.Id == containerId)
        {
            slot.Set(view => succeeded ? view with { PostStarting = false } : view with { Kill = new ContainerKill("FailedPostStartHook") });
        }
    }
}
