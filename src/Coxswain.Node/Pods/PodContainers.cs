using Coxswain.Api.Core.V1;
using Coxswain.Node.Containers;
using Coxswain.Node.Planning;
using Coxswain.Node.PodFacts;
using Coxswain.Node.Probes;
using Coxswain.Node.Runtime;

namespace Coxswain.Node.Pods;

/// <summary>The containers of one pod: looks at what the runtime has and keeps probes and back-offs in step. For the worker's loop alone.</summary>
internal sealed class PodContainers
{
    /// <summary>How long a failed pull shows itself before the back-off does.</summary>
    private static readonly TimeSpan ErrorShown = TimeSpan.FromSeconds(2);

    /// <summary>How soon what failed for want of a ConfigMap or Secret is tried again.</summary>
    private static readonly TimeSpan ConfigurationRetry = TimeSpan.FromSeconds(5);

    private readonly PodServices _services;
    private readonly Action<Action> _post;
    private readonly List<ContainerSlot> _slots;

    /// <summary>Probes of attempts that are over, until they have stopped.</summary>
    private readonly List<Task> _ending = [];

    /// <param name="adopted">What an earlier agent left of the pod.</param>
    /// <param name="post">Runs an action in the worker's loop.</param>
    public PodContainers(PodServices services, Pod pod, IReadOnlyList<ContainerInfo> adopted, Action<Action> post)
    {
        _services = services;
        _post = post;
        _slots =
        [
            .. pod.Spec.InitContainers.Select(spec => new ContainerSlot(
                spec, spec.RestartPolicy == RestartPolicy.Always ? ContainerKind.Sidecar : ContainerKind.Init)),
            .. pod.Spec.Containers.Select(spec => new ContainerSlot(spec, ContainerKind.Main)),
        ];
        foreach (var slot in _slots)
        {
            Adopt(slot, pod, adopted);
        }
    }

    public IReadOnlyList<ContainerSlot> Slots => _slots;

    public ContainerSlot this[string name] => _slots.First(slot => slot.Spec.Name == name);

    /// <summary>Takes over a newer pod: a container whose image changed is replaced.</summary>
    public void Update(Pod pod)
    {
        foreach (var spec in pod.Spec.InitContainers.Concat(pod.Spec.Containers))
        {
            var slot = _slots.FirstOrDefault(slot => slot.Spec.Name == spec.Name);
            if (slot is null || slot.Spec == spec)
            {
                continue;
            }

            var changed = ContainerLabels.Hash(slot.Spec) != ContainerLabels.Hash(spec);
            slot.Spec = spec;
            if (!changed)
            {
                continue;
            }

            // Another image is another chance.
            slot.Pulls.Reset();
            slot.NotBefore = null;
            if (slot.Current?.State == ContainerRunState.Running)
            {
                slot.Kill = new ContainerKill($"Container {spec.Name} definition changed, will be restarted");
            }
        }
    }

    /// <summary>There is no sandbox (any more): whatever ran did so in one that is gone. True when that is news.</summary>
    public bool LoseSandbox()
    {
        var lost = _slots.FindAll(slot => slot is { Current: not null, LostSandbox: false });
        lost.ForEach(slot => slot.LostSandbox = true);
        return lost.Count > 0;
    }

    /// <summary>Brings the slots up to what the runtime says now.</summary>
    public void Observe(Pod pod, string address, bool ended)
    {
        foreach (var slot in _slots)
        {
            if (slot.Current is { Id.Length: > 0 } known && slot.Terminated is null)
            {
                slot.Current = _services.Runtime.FindContainer(known.Id) ?? Lost(known);
            }

            if (slot.Current is { State: ContainerRunState.Running } running && slot.Probes is null && !ended)
            {
                Started(slot, pod, running, address);
            }

            if (slot.Current is { State: ContainerRunState.Exited } exited && slot.Terminated is null)
            {
                Exited(slot, pod, exited, ended);
            }

            BackOffFromPull(slot, pod);
        }
    }

    public void StartFailed(ContainerSlot slot, Pod pod, int attempt, AttemptFailedException failure)
    {
        var now = _services.Time.GetUtcNow();
        switch (failure.Failure)
        {
            case StartFailure.Image:
                slot.Pulls.Next(now, now);
                slot.NotBefore = now + slot.Pulls.Delay;
                slot.BacksOffAt = now + ErrorShown;
                slot.Waiting = new ContainerStateWaiting { Reason = failure.Reason, Message = failure.Message };
                break;
            case StartFailure.Configuration:
                slot.NotBefore = now + ConfigurationRetry;
                slot.Waiting = new ContainerStateWaiting { Reason = failure.Reason, Message = failure.Message };
                break;
            default:
                slot.Take(new ContainerInfo("", pod.Metadata.Uid, slot.Spec.Name, attempt, slot.Spec.Image, "", ContainerRunState.Exited, now)
                {
                    FinishedAt = now,
                    ExitCode = failure.ExitCode,
                    Reason = "StartError",
                    Message = failure.Message,
                });
                break;
        }
    }

    public DateTimeOffset? WakeAt => _slots.Min(slot => slot.BacksOffAt);

    public async Task StopProbesAsync()
    {
        foreach (var slot in _slots)
        {
            if (slot.Probes is { } probes)
            {
                slot.Probes = null;
                _ending.Add(probes.DisposeAsync().AsTask());
            }
        }

        await Task.WhenAll(_ending);
    }

    private void Adopt(ContainerSlot slot, Pod pod, IReadOnlyList<ContainerInfo> adopted)
    {
        var status = pod.Status.InitContainerStatuses.Concat(pod.Status.ContainerStatuses)
            .FirstOrDefault(status => status.Name == slot.Spec.Name);
        slot.RestartCount = status?.RestartCount ?? 0;
        slot.LastTerminated = status?.LastState.Terminated;
        var current = adopted.Where(container => container.Name == slot.Spec.Name && container.State != ContainerRunState.Created)
            .MaxBy(container => container.Attempt);
        if (current is null)
        {
            if (status?.State.Terminated is { } terminated)
            {
                // Its container is gone but it did run: only the next attempt may follow.
                slot.LastTerminated = terminated;
                slot.RestartCount++;
            }

            return;
        }

        slot.Current = current;
        slot.RestartCount = current.Attempt;
        slot.Adopted = status?.ContainerID.EndsWith(current.Id, StringComparison.Ordinal) == true ? status : null;
        if (current.State == ContainerRunState.Running && current.Labels.GetValueOrDefault(ContainerLabels.SpecHash) is { } hash
            && hash != ContainerLabels.Hash(slot.Spec))
        {
            slot.Kill = new ContainerKill($"Container {slot.Spec.Name} definition changed, will be restarted");
        }
    }

    private void Started(ContainerSlot slot, Pod pod, ContainerInfo running, string address)
    {
        var before = slot.Adopted;
        slot.StartupPassed = slot.Spec.StartupProbe is null || before?.Started == true;
        slot.ReadinessPassed = slot.Spec.ReadinessProbe is null || before?.Ready == true;
        var target = new ProbeTarget(running.Id, address, slot.Spec);
        slot.Probes = new ContainerProbes(
            _services.Probes, target, running.StartedAt ?? _services.Time.GetUtcNow(), slot.StartupPassed, slot.ReadinessPassed,
            new ProbeListener(
                (kind, holds) => _post(() => Verdict(slot, running.Id, kind, holds)),
                (kind, message) => _services.Events.Warning(
                    pod, "Unhealthy", $"{kind} probe failed: {message}", ContainerStarter.FieldPath(pod, slot.Spec.Name))));
    }

    private static void Verdict(ContainerSlot slot, string containerId, ProbeKind kind, bool holds)
    {
        if (slot.Current?.Id != containerId)
        {
            return; // Of an attempt that is over.
        }

        if (kind == ProbeKind.Readiness)
        {
            slot.ReadinessPassed = holds;
        }
        else if (holds)
        {
            slot.StartupPassed = true;
        }
        else
        {
            var probe = kind == ProbeKind.Startup ? slot.Spec.StartupProbe : slot.Spec.LivenessProbe;
            var grace = probe?.TerminationGracePeriodSeconds is { } seconds ? TimeSpan.FromSeconds(seconds) : (TimeSpan?)null;
            slot.Kill = new ContainerKill($"Container {slot.Spec.Name} failed {kind.ToString().ToLowerInvariant()} probe, will be restarted", grace);
        }
    }

    private void Exited(ContainerSlot slot, Pod pod, ContainerInfo exited, bool ended)
    {
        slot.Terminated = TerminatedState.Of(exited, slot.Spec, pod.Metadata.Uid, _services.RuntimeName, _services.Paths);
        slot.Kill = null;
        if (slot.Probes is { } probes)
        {
            slot.Probes = null;
            _ending.RemoveAll(task => task.IsCompleted);
            _ending.Add(probes.DisposeAsync().AsTask());
        }

        if (ended || !RestartRules.RunsAgain(pod, slot.View()))
        {
            return;
        }

        var finished = exited.FinishedAt ?? _services.Time.GetUtcNow();
        if (slot.Crashes.NotBefore(finished) is { } notBefore && notBefore > _services.Time.GetUtcNow())
        {
            var name = $"{pod.Metadata.Name}_{pod.Metadata.Namespace}({pod.Metadata.Uid})";
            var delay = Coxswain.Api.KubeDuration.Format(slot.Crashes.Delay);
            slot.NotBefore = notBefore;
            slot.Waiting = new ContainerStateWaiting
            {
                Reason = "CrashLoopBackOff",
                Message = $"back-off {delay} restarting failed container={slot.Spec.Name} pod={name}",
            };
            _services.Events.Warning(
                pod, "BackOff", $"Back-off restarting failed container {slot.Spec.Name} in pod {name}", ContainerStarter.FieldPath(pod, slot.Spec.Name));
        }
    }

    private void BackOffFromPull(ContainerSlot slot, Pod pod)
    {
        if (slot.BacksOffAt is not { } at || _services.Time.GetUtcNow() < at || slot.Waiting is not { Reason: "ErrImagePull" } waiting)
        {
            return;
        }

        slot.BacksOffAt = null;
        var fieldPath = ContainerStarter.FieldPath(pod, slot.Spec.Name);
        var message = $"Back-off pulling image \"{slot.Spec.Image}\"";
        slot.Waiting = new ContainerStateWaiting { Reason = "ImagePullBackOff", Message = $"{message}: ErrImagePull: {waiting.Message}" };
        _services.Events.Normal(pod, "BackOff", message, fieldPath);
        _services.Events.Warning(pod, "Failed", "Error: ImagePullBackOff", fieldPath);
    }

    private ContainerInfo Lost(ContainerInfo known) => known with
    {
        State = ContainerRunState.Exited,
        ExitCode = 137,
        Reason = "ContainerStatusUnknown",
        Message = "The container could not be located when the pod was looked at",
        FinishedAt = _services.Time.GetUtcNow(),
    };
}
