using Coxswain.Api.Core.V1;
using Coxswain.Node.Planning;
using Coxswain.Node.Probes;
using Coxswain.Node.Runtime;

namespace Coxswain.Node.Pods;

/// <summary>What a pod's worker remembers of one container. Touched by that worker's loop alone.</summary>
internal sealed class ContainerSlot(Container spec, ContainerKind kind)
{
    public Container Spec { get; set; } = spec;

    public ContainerKind Kind { get; } = kind;

    public BackOff Crashes { get; } = new();

    public BackOff Pulls { get; } = new();

    public ContainerInfo? Current { get; set; }

    public ContainerStateTerminated? Terminated { get; set; }

    public ContainerStateTerminated? LastTerminated { get; set; }

    public int RestartCount { get; set; }

    public bool Starting { get; set; }

    public DateTimeOffset? StoppingUntil { get; set; }

    public ContainerStateWaiting? Waiting { get; set; }

    public DateTimeOffset? NotBefore { get; set; }

    /// <summary>When a failed pull turns from ErrImagePull into ImagePullBackOff.</summary>
    public DateTimeOffset? BacksOffAt { get; set; }

    public ContainerKill? Kill { get; set; }

    /// <summary>The sandbox that the newest attempt ran in is gone.</summary>
    public bool LostSandbox { get; set; }

    public bool StartupPassed { get; set; }

    public bool ReadinessPassed { get; set; }

    /// <summary>Its postStart hook has not succeeded yet.</summary>
    public bool PostStarting { get; set; }

    /// <summary>What the API said of the attempt that we adopted.</summary>
    public ContainerStatus? Adopted { get; set; }

    public ContainerProbes? Probes { get; set; }

    public int NextAttempt => Current is { } current ? current.Attempt + 1 : RestartCount;

    /// <summary>A new attempt takes the place of the one before.</summary>
    public void Take(ContainerInfo created)
    {
        LastTerminated = Terminated ?? LastTerminated;
        Terminated = null;
        Current = created;
        RestartCount = created.Attempt;
        Waiting = null;
        NotBefore = null;
        BacksOffAt = null;
        Kill = null;
        LostSandbox = false;
        StartupPassed = false;
        ReadinessPassed = false;
        PostStarting = Spec.Lifecycle?.PostStart is not null;
        Adopted = null;
    }

    public ContainerView View() => new(Spec, Kind)
    {
        Current = Current,
        Terminated = Terminated,
        LastTerminated = LastTerminated,
        RestartCount = RestartCount,
        Starting = Starting,
        StoppingUntil = StoppingUntil,
        Waiting = Waiting,
        NotBefore = NotBefore,
        Kill = Kill,
        LostSandbox = LostSandbox,
        StartupPassed = StartupPassed,
        ReadinessPassed = ReadinessPassed,
        PostStarting = PostStarting,
    };
}
