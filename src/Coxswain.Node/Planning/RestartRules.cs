using Coxswain.Api.Core.V1;

namespace Coxswain.Node.Planning;

/// <summary>Which ended containers run again.</summary>
internal static class RestartRules
{
    /// <summary>Whether an attempt that ended is followed by another.</summary>
    public static bool RunsAgain(Pod pod, ContainerView container) => container.Kind switch
    {
        ContainerKind.Ephemeral => false,
        ContainerKind.Sidecar => true,
        ContainerKind.Init when container.Succeeded => container.LostSandbox,
        _ => HasRule(container) || (container.Spec.RestartPolicy ?? pod.Spec.RestartPolicy) switch
        {
            RestartPolicy.Never => false,
            RestartPolicy.OnFailure => !container.Succeeded,
            _ => true,
        },
    };

    /// <summary>Whether one of the container's own rules names the exit code: that comes before any policy.</summary>
    private static bool HasRule(ContainerView container) =>
        container.Current is { } ended && container.Spec.RestartPolicyRules.Any(rule =>
            rule is { Action: ContainerRestartRuleAction.Restart, ExitCodes: { } codes }
            && codes.Values.Contains(ended.ExitCode) == (codes.Operator == ContainerRestartRuleOnExitCodesOperator.In));

    /// <summary>
    /// Once a main container ran, its sandbox needs no init containers any more, even if they are not known any more. A new
    /// sandbox (after a reboot) needs them again.
    /// </summary>
    public static bool IsInitialized(PodView view) =>
        view.MainContainers.Any(container => container is { Current: not null, LostSandbox: false })
        || view.InitContainers.All(IsInitDone);

    public static bool IsInitDone(ContainerView container) =>
        container.Kind == ContainerKind.Sidecar ? container.IsStarted : container is { Succeeded: true, LostSandbox: false };

    /// <summary>An init container ended in failure and is not tried again: the pod never gets to its main containers.</summary>
    public static bool InitFailed(PodView view) =>
        view.InitContainers.Any(container =>
            container is { Kind: ContainerKind.Init, IsExited: true, Succeeded: false } && !RunsAgain(view.Pod, container));

    /// <summary>The pod is on its way out, whoever wants it so.</summary>
    public static bool IsEnding(PodView view) => view.Terminating || IsFinished(view);

    /// <summary>Nothing will run any more, though nobody deletes the pod.</summary>
    public static bool IsFinished(PodView view) =>
        view.IsOver
        || view.Failure is not null
        || InitFailed(view)
        || view.MainContainers.All(container => container.IsExited && !RunsAgain(view.Pod, container));
}
