using System.Diagnostics.CodeAnalysis;
using Coxswain.Api.Core.V1;
using Coxswain.Node.Planning;
using Coxswain.Node.PodFacts;
using Coxswain.Node.Probes;
using Coxswain.Node.Runtime;

namespace Coxswain.Node.Pods;

/// <summary>What a pod's worker remembers of one container. Touched by that worker's loop alone.</summary>
[SuppressMessage("Design", "CA1001", Justification = "Without a timer there is nothing to dispose of; each attempt has its own.")]
internal sealed class ContainerSlot(Container spec, ContainerKind kind)
{
    private CancellationTokenSource _attempt = new();

    /// <summary>All of it that decides what happens next.</summary>
    public ContainerView View { get; private set; } = new(spec, kind);

    public BackOff Crashes { get; } = new();

    public BackOff Pulls { get; } = new();

    /// <summary>When a failed pull turns from ErrImagePull into ImagePullBackOff.</summary>
    public DateTimeOffset? BacksOffAt { get; set; }

    /// <summary>What the API said of the attempt that we adopted.</summary>
    public ContainerStatus? Adopted { get; set; }

    public ContainerProbes? Probes { get; set; }

    /// <summary>Cancelled when the newest attempt has ended, and with it what was done for it.</summary>
    public CancellationToken AttemptEnded => _attempt.Token;

    public string Name => View.Spec.Name;

    public int NextAttempt => View.Current is { } current ? current.Attempt + 1 : View.RestartCount;

    public void Set(Func<ContainerView, ContainerView> change) => View = change(View);

    /// <summary>A new attempt takes the place of the one before.</summary>
    public void Take(ContainerInfo created)
    {
        _attempt = new CancellationTokenSource();
        BacksOffAt = null;
        Adopted = null;
        View = View with
        {
            LastTerminated = View.Terminated ?? View.LastTerminated,
            Terminated = null,
            Current = created,
            RestartCount = created.Attempt,
            Waiting = null,
            NotBefore = null,
            Kill = null,
            LostSandbox = false,
            StartupPassed = false,
            ReadinessPassed = false,
            PostStarting = View.Spec.Lifecycle?.PostStart is not null,
        };
        KillIfOutdated();
    }

    /// <summary>The newest attempt has ended.</summary>
    public void End(ContainerStateTerminated terminated)
    {
        View = View with { Terminated = terminated, Kill = null };
        _attempt.Cancel();
    }

    /// <summary>Takes over a newer spec: a container whose image changed is replaced.</summary>
    public void Update(Container spec)
    {
        var changed = ContainerLabels.Hash(View.Spec) != ContainerLabels.Hash(spec);
        View = View with { Spec = spec };
        if (changed)
        {
            // Another image is another chance.
            Pulls.Reset();
            View = View with { NotBefore = null };
            KillIfOutdated();
        }
    }

    /// <summary>An attempt that is not of the spec as it is now, perhaps because that changed while it was being started, must go.</summary>
    public void KillIfOutdated()
    {
        if (View.Current is { State: not ContainerRunState.Exited } current
            && current.Labels.GetValueOrDefault(ContainerLabels.SpecHash) is { } hash && hash != ContainerLabels.Hash(View.Spec))
        {
            View = View with { Kill = new ContainerKill($"Container {Name} definition changed, will be restarted") };
        }
    }
}
