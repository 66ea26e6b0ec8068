using Coxswain.Api.Core.V1;
using Coxswain.Api.Errors;
using Coxswain.Client;
using Coxswain.Node.Files;
using Coxswain.Node.Planning;
using Coxswain.Node.Runtime;
using Coxswain.Node.Volumes;

namespace Coxswain.Node.Pods;

/// <summary>
/// The end of one pod. When nothing of it runs any more its network and volumes are given back; when it is being deleted it then goes
/// from the API, and with it everything else. For the worker's loop alone.
/// </summary>
internal sealed class CleanUpPhase(
    string podUid, PodReport report, IPodRuntime runtime, NodeVolumes volumes, NodePaths paths, IKubeClient client,
    PodOperations operations, TimeProvider time)
{
    public const string Name = "clean-up";

    private bool _done;
    private DateTimeOffset? _notBefore;

    /// <summary>Nothing of the pod is left.</summary>
    public bool Finished { get; private set; }

    /// <param name="terminating">What was given back when the pod finished is not all that goes when it is deleted.</param>
    public StepView Step(bool terminating) => new(_done && !terminating, operations.IsRunning(Name), _notBefore);

    /// <param name="isGone">The API does not have the pod any more.</param>
    public void Begin(Pod pod, bool terminating, bool isGone, CancellationToken cancellationToken)
    {
        // A status on its way must not overtake the last one.
        var writing = operations.EndOf(StatusPhase.Name);
        operations.Begin(Name, stop => RunAsync(pod, terminating, isGone, writing, stop), Done, Failed, cancellationToken);
    }

    /// <summary>True when nothing is left of the pod, false when it stays in the API.</summary>
    private async Task<bool> RunAsync(Pod pod, bool terminating, bool isGone, Task writing, CancellationToken cancellationToken)
    {
        await runtime.StopPodSandboxAsync(podUid, cancellationToken);
        volumes.TearDown(podUid);
        if (!terminating)
        {
            return false;
        }

        if (!isGone)
        {
            await writing;
            await report.WriteAsync(cancellationToken);
            await DeleteAsync(pod, cancellationToken);
        }

        // Not cut short when the agent stops: the API does not know the pod any more, and nothing of it runs.
        await runtime.RemovePodSandboxAsync(podUid, CancellationToken.None);
        PodRemoval.RemoveFiles(paths, pod);
        return true;
    }

    private async Task DeleteAsync(Pod pod, CancellationToken cancellationToken)
    {
        try
        {
            await client.DeleteAsync<Pod>(
                pod.Metadata.Namespace, pod.Metadata.Name,
                new Api.Meta.V1.DeleteOptions { GracePeriodSeconds = 0, Preconditions = new Api.Meta.V1.Preconditions { Uid = podUid } }, cancellationToken);
        }
        catch (KubeStatusException exception) when (exception.IsNotFound || exception.IsConflict)
        {
            // Gone already, perhaps with another of the same name in its place.
        }
    }

    private void Done(bool everything)
    {
        _notBefore = null;
        _done = !everything;
        Finished = everything;
    }

    private void Failed() => _notBefore = time.GetUtcNow();
}
