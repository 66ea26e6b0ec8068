using Coxswain.Api.Core.V1;
using Coxswain.Api.Errors;
using Coxswain.Client.Events;
using Coxswain.Node.Planning;
using Coxswain.Node.PodFacts;
using Coxswain.Node.Runtime;

namespace Coxswain.Node.Pods;

/// <summary>One pod's sandbox: made before its containers, and again when it is lost. For the worker's loop alone.</summary>
internal sealed class SandboxPhase(
    string podUid, PodSandboxes sandboxes, IPodRuntime runtime, PodOperations operations, EventRecorder events, TimeProvider time)
{
    private const string Name = "sandbox";

    private bool _filesChecked;
    private DateTimeOffset? _notBefore;

    /// <summary>As it was when last looked at; null when there is none.</summary>
    public SandboxStatus? Status { get; private set; }

    public StepView Step => new(false, operations.IsRunning(Name), _notBefore);

    /// <summary>Looks at the sandbox again.</summary>
    public async Task ObserveAsync(Pod pod, CancellationToken cancellationToken)
    {
        Status = await runtime.PodSandboxStatusAsync(podUid, cancellationToken);
        if (Status is { Ready: true } && !_filesChecked && !operations.IsRunning(Name))
        {
            // An agent before us may have ended between making the sandbox and writing its files.
            sandboxes.WriteMissingFiles(pod, Status);
            _filesChecked = true;
        }
    }

    public void Begin(Pod pod, CancellationToken cancellationToken) =>
        operations.Begin(Name, stop => RunAsync(pod, stop), Done, () => Done(false), cancellationToken);

    private async Task<bool> RunAsync(Pod pod, CancellationToken cancellationToken)
    {
        try
        {
            await sandboxes.RunAsync(pod, cancellationToken);
            return true;
        }
        catch (Exception exception) when (exception is RuntimeException or IOException or ContainerConfigException or KubeStatusException)
        {
            events.Warning(pod, "FailedCreatePodSandBox", $"Failed to create pod sandbox: {exception.Message}");
            return false;
        }
    }

    private void Done(bool succeeded)
    {
        _filesChecked = succeeded;
        _notBefore = succeeded ? null : time.GetUtcNow() + PodOperations.RetryDelay;
    }
}
