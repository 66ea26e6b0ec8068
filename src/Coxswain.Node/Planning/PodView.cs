using Coxswain.Api.Core.V1;
using Coxswain.Node.PodFacts;
using Coxswain.Node.Runtime;

namespace Coxswain.Node.Planning;

internal enum ContainerKind
{
    /// <summary>Runs to its end before the next one starts.</summary>
    Init,

    /// <summary>An init container with restartPolicy Always: the next one starts when it has started.</summary>
    Sidecar,
    Main,

    /// <summary>Added to the running pod, started once: nothing waits for it, and it decides nothing.</summary>
    Ephemeral,
}

/// <summary>Everything that decides what happens next in a pod, at one moment. Immutable: planner and status are functions of it.</summary>
internal sealed record PodView(Pod Pod, DateTimeOffset Now)
{
    /// <summary>Init containers first, ephemeral ones last, each in the pod's order.</summary>
    public required IReadOnlyList<ContainerView> Containers { get; init; }

    /// <summary>Why the node does not take the pod; null when it does.</summary>
    public PodFailure? Rejection { get; init; }

    /// <summary>Why the node cannot keep the pod; null when it can.</summary>
    public PodFailure? Eviction { get; init; }

    /// <summary>Why its containers do not get the resources that its spec asks for since it was changed; null when they do.</summary>
    public PodFailure? PendingResize { get; init; }

    /// <summary>The pod is being deleted, or is gone from the API already.</summary>
    public bool Terminating { get; init; }

    /// <summary>When containers that still run are killed. Null unless the pod is being deleted or evicted.</summary>
    public DateTimeOffset? KillAt { get; init; }

    public StepView Volumes { get; init; } = StepView.NotBegun;

    public StepView SandboxStep { get; init; } = StepView.NotBegun;

    public SandboxStatus? Sandbox { get; init; }

    public StepView CleanUp { get; init; } = StepView.NotBegun;

    public IEnumerable<ContainerView> InitContainers => Containers.Where(container => container.Kind is ContainerKind.Init or ContainerKind.Sidecar);

    public IEnumerable<ContainerView> MainContainers => Containers.Where(container => container.Kind == ContainerKind.Main);

    public IEnumerable<ContainerView> EphemeralContainers => Containers.Where(container => container.Kind == ContainerKind.Ephemeral);

    /// <summary>Those that run side by side for as long as the pod is up.</summary>
    public IEnumerable<ContainerView> LastingContainers =>
        Containers.Where(container => container.Kind is ContainerKind.Sidecar or ContainerKind.Main);

    public DateTimeOffset? Deadline =>
        Pod.Spec.ActiveDeadlineSeconds is { } seconds && Pod.Status.StartTime is { } start ? start.AddSeconds(seconds) : null;

    /// <summary>Its phase is final: nothing brings the pod back.</summary>
    public bool IsOver => Pod.Status.Phase is PodPhase.Succeeded or PodPhase.Failed;

    /// <summary>Why the pod fails whatever its containers do; null when they decide.</summary>
    public PodFailure? Failure => IsOver ? null : Rejection ?? Eviction ?? (DeadlineExceeded ? PodFailure.Deadline : null);

    /// <summary>Some container of it runs, or is about to.</summary>
    public bool IsActive => Containers.Any(container => container.IsRunning || container.Starting || container.StoppingUntil is not null);

    /// <summary>A pod that had ended by itself in time did not exceed its deadline, however late we look.</summary>
    private bool DeadlineExceeded => Deadline is { } deadline && Now >= deadline
        && !MainContainers.All(container =>
            container is { IsExited: true, Current.FinishedAt: { } finished } && finished < deadline && !RestartRules.RunsAgain(Pod, container));
}

/// <summary>A step of a pod's life that is done once.</summary>
/// <param name="NotBefore">After a failure: when to try again.</param>
internal readonly record struct StepView(bool Done, bool Busy, DateTimeOffset? NotBefore)
{
    public static readonly StepView NotBegun = new(false, false, null);
}

/// <summary>Why a pod fails by the node's decision.</summary>
internal sealed record PodFailure(string Reason, string Message)
{
    public static readonly PodFailure Deadline = new("DeadlineExceeded", "Pod was active on the node longer than the specified deadline");
}

/// <summary>One container of a pod at one moment.</summary>
internal sealed record ContainerView(Container Spec, ContainerKind Kind)
{
    /// <summary>The newest attempt; null before the first.</summary>
    public ContainerInfo? Current { get; init; }

    /// <summary>The attempt before it, when it is still known.</summary>
    public ContainerStateTerminated? LastTerminated { get; init; }

    /// <summary>How the newest attempt ended, when it has.</summary>
    public ContainerStateTerminated? Terminated { get; init; }

    public int RestartCount { get; init; }

    /// <summary>The next attempt is on its way: image, configuration, process.</summary>
    public bool Starting { get; init; }

    /// <summary>It is being stopped, and killed at this time.</summary>
    public DateTimeOffset? StoppingUntil { get; init; }

    /// <summary>Why the next attempt is not there yet.</summary>
    public ContainerStateWaiting? Waiting { get; init; }

    /// <summary>When the next attempt may begin.</summary>
    public DateTimeOffset? NotBefore { get; init; }

    /// <summary>Why the running attempt must end though the pod goes on: a probe, a change of its spec.</summary>
    public ContainerKill? Kill { get; init; }

    /// <summary>The sandbox that the newest attempt ran in is gone, and what init containers did with it.</summary>
    public bool LostSandbox { get; init; }

    /// <summary>The startup probe has succeeded, or there is none.</summary>
    public bool StartupPassed { get; init; }

    public bool ReadinessPassed { get; init; }

    /// <summary>Its postStart hook has not succeeded yet: until then it does not count as started.</summary>
    public bool PostStarting { get; init; }

    /// <summary>The limits of the running attempt are being changed.</summary>
    public bool Resizing { get; init; }

    /// <summary>Why that failed last; empty when it did not.</summary>
    public string ResizeError { get; init; } = "";

    public DateTimeOffset? ResizeNotBefore { get; init; }

    /// <summary>What the running attempt has, in the words of the spec it was made or changed by.</summary>
    public ResourceRequirements? Actual { get; init; }

    /// <summary>What it is to have.</summary>
    public ContainerResources Wanted => ContainerAmounts.Of(Spec);

    /// <summary>The running attempt has other limits than it is to have.</summary>
    public bool IsOutOfSize => IsRunning && Current!.Resources != Wanted; // Running: there is one.

    public bool IsRunning => Current?.State == ContainerRunState.Running;

    public bool IsExited => Current?.State == ContainerRunState.Exited;

    public bool IsStarted => IsRunning && StartupPassed && !PostStarting;

    /// <summary>Also while it is being stopped: what drains goes on serving for as long as its probe says that it can.</summary>
    public bool IsReady => Kind switch
    {
        ContainerKind.Init => Succeeded,
        ContainerKind.Ephemeral => false,
        _ => IsStarted && ReadinessPassed,
    };

    public bool Succeeded => IsExited && Current!.ExitCode == 0; // Exited means there is a current attempt.
}

/// <param name="Message">The words of the Killing event.</param>
/// <param name="Grace">Null for the pod's own.</param>
internal sealed record ContainerKill(string Message, TimeSpan? Grace = null);
