using Coxswain.Api.Core.V1;
using Coxswain.Client.Events;
using Coxswain.Node.Containers;
using Coxswain.Node.Planning;
using Coxswain.Node.PodFacts;
using Coxswain.Node.Probes;
using Coxswain.Node.Runtime;

namespace Coxswain.Node.Pods;

/// <summary>The containers of one pod: looks at what the runtime has and keeps probes and back-offs in step. For the worker's loop alone.</summary>
internal sealed class PodContainers
{
    private readonly IPodRuntime _runtime;
    private readonly TerminatedStates _ends;
    private readonly ProbeLoop _probes;
    private readonly PodOperations _operations;
    private readonly EventRecorder _events;
    private readonly TimeProvider _time;
    private readonly List<ContainerSlot> _slots;

    /// <summary>Probes of attempts that are over, until they have stopped.</summary>
    private readonly List<Task> _ending = [];

    /// <param name="adopted">What an earlier agent left of the pod.</param>
    public PodContainers(
        Pod pod, IReadOnlyList<ContainerInfo> adopted, IPodRuntime runtime, TerminatedStates ends, ProbeLoop probes,
        PodOperations operations, EventRecorder events, TimeProvider time)
    {
        _runtime = runtime;
        _ends = ends;
        _probes = probes;
        _operations = operations;
        _events = events;
        _time = time;
        _slots =
        [
            .. pod.Spec.InitContainers.Select(spec => new ContainerSlot(
                spec, spec.RestartPolicy == RestartPolicy.Always ? ContainerKind.Sidecar : ContainerKind.Init)),
            .. pod.Spec.Containers.Select(spec => new ContainerSlot(spec, ContainerKind.Main)),
            .. pod.Spec.EphemeralContainers.Select(NewEphemeral),
        ];
        foreach (var slot in _slots)
        {
            Adopt(slot, pod, adopted);
        }
    }

    /// <summary>The pod with the resources that its containers are to have, which may not be those it asks for.</summary>
    public Pod Allocated(Pod pod) => pod with
    {
        Spec = pod.Spec with
        {
            InitContainers = [.. pod.Spec.InitContainers.Select(Allocated)],
            Containers = [.. pod.Spec.Containers.Select(Allocated)],
        },
    };

    public IReadOnlyList<ContainerView> Views => [.. _slots.Select(slot => slot.View)];

    /// <summary>When something is to be shown that only the clock brings about.</summary>
    public DateTimeOffset? WakeAt => _slots.Min(slot => slot.BacksOffAt);

    public ContainerSlot this[string name] => _slots.First(slot => slot.Name == name);

    /// <summary>Takes over a newer pod.</summary>
    public void Update(Pod pod)
    {
        foreach (var spec in pod.Spec.InitContainers.Concat(pod.Spec.Containers))
        {
            if (_slots.Find(slot => slot.Name == spec.Name) is { } slot && slot.View.Spec != spec)
            {
                slot.Update(spec);
            }
        }

        _slots.AddRange(pod.Spec.EphemeralContainers.Where(added => !_slots.Exists(slot => slot.Name == added.Name)).Select(NewEphemeral));
    }

    /// <summary>There is no sandbox (any more): whatever ran did so in one that is gone. True when that is news.</summary>
    public bool LoseSandbox()
    {
        var lost = _slots.FindAll(slot => slot.View is { Current: not null, LostSandbox: false });
        lost.ForEach(slot => slot.Set(view => view with { LostSandbox = true }));
        return lost.Count > 0;
    }

    /// <summary>Brings the slots up to what the runtime says now.</summary>
    public async Task ObserveAsync(Pod pod, string address, bool ended, CancellationToken cancellationToken)
    {
        foreach (var slot in _slots)
        {
            if (slot.View is { Current: { Id.Length: > 0 } known, Terminated: null })
            {
                var now = await _runtime.ContainerStatusAsync(known.Id, cancellationToken) ?? Lost(known);
                slot.Set(view => view with { Current = now });
            }

            if (slot.View is { IsRunning: true, IsOutOfSize: false })
            {
                slot.Set(view => view with { Actual = view.Spec.Resources });
            }

            if (slot.View.Current is { State: ContainerRunState.Running } running && slot.Probes is null && !ended)
            {
                Started(slot, pod, running, address);
            }

            if (slot.View is { Current: { State: ContainerRunState.Exited } exited, Terminated: null })
            {
                Exited(slot, pod, exited, ended);
            }

            PullBackOff.Show(slot, pod, _events, _time);
        }
    }

    public async Task StopProbesAsync()
    {
        _slots.ForEach(EndProbes);
        await Task.WhenAll(_ending);
    }

    private static ContainerInfo Gone(Pod pod, ContainerStatus status) => new(
        "", pod.Metadata.Uid, status.Name, status.RestartCount, status.Image, status.ImageID, ContainerRunState.Exited, DateTimeOffset.UnixEpoch)
    {
        ExitCode = status.State.Terminated?.ExitCode ?? 0,
    };

    private Container Allocated(Container spec) => spec with { Resources = this[spec.Name].View.Spec.Resources };

    private static ContainerSlot NewEphemeral(EphemeralContainer container) => new(EphemeralContainers.AsContainer(container), ContainerKind.Ephemeral);

    private static void Adopt(ContainerSlot slot, Pod pod, IReadOnlyList<ContainerInfo> adopted)
    {
        var status = pod.Status.InitContainerStatuses.Concat(pod.Status.ContainerStatuses).Concat(pod.Status.EphemeralContainerStatuses)
            .FirstOrDefault(status => status.Name == slot.Name);
        slot.Set(view => view with { RestartCount = status?.RestartCount ?? 0, LastTerminated = status?.LastState.Terminated });
        var current = adopted.Where(container => container.Name == slot.Name).MaxBy(container => container.Attempt);
        if (current is null)
        {
            if (slot.View.Kind == ContainerKind.Ephemeral && status?.State.Terminated is { } over)
            {
                // It had its one run.
                slot.Set(view => view with { Current = Gone(pod, status), Terminated = over });
            }
            else if (status?.State.Terminated is { } terminated)
            {
                // Its container is gone but it did run: only the next attempt may follow.
                slot.Set(view => view with { LastTerminated = terminated, RestartCount = view.RestartCount + 1 });
            }

            return;
        }

        slot.Set(view => view with { Current = current, RestartCount = current.Attempt, Actual = status?.Resources });
        if (status?.Resources is { } given && pod.Status.Conditions.Any(condition => condition.Type == PodConditionType.PodResizePending))
        {
            // What an agent before us did not give it is not its own yet.
            slot.Set(view => view with { Spec = view.Spec with { Resources = given } });
        }

        slot.Adopted = status?.ContainerID.EndsWith(current.Id, StringComparison.Ordinal) == true ? status : null;
        slot.KillIfOutdated();
    }

    private void Started(ContainerSlot slot, Pod pod, ContainerInfo running, string address)
    {
        var (spec, before) = (slot.View.Spec, slot.Adopted);
        slot.Set(view => view with
        {
            StartupPassed = spec.StartupProbe is null || before?.Started == true,
            ReadinessPassed = spec.ReadinessProbe is null || before?.Ready == true,
        });
        slot.Probes = new ContainerProbes(
            _probes, new ProbeTarget(running.Id, address, spec), running.StartedAt ?? _time.GetUtcNow(),
            slot.View.StartupPassed, slot.View.ReadinessPassed,
            new ProbeListener(
                (kind, holds) => _operations.Post(() => Verdict(slot, running.Id, kind, holds)),
                (kind, message) => _events.Warning(
                    pod, "Unhealthy", $"{kind} probe failed: {message}", ContainerStarter.FieldPath(pod, spec.Name)),
                (kind, message) => _events.Warning(
                    pod, "ProbeWarning", $"{kind} probe warning: {message}", ContainerStarter.FieldPath(pod, spec.Name))));
    }

    private static void Verdict(ContainerSlot slot, string containerId, ProbeKind kind, bool holds)
    {
        if (slot.View.Current?.Id != containerId)
        {
            return; // Of an attempt that is over.
        }

        if (kind == ProbeKind.Readiness)
        {
            slot.Set(view => view with { ReadinessPassed = holds });
        }
        else if (holds)
        {
            slot.Set(view => view with { StartupPassed = true });
        }
        else
        {
            var probe = kind == ProbeKind.Startup ? slot.View.Spec.StartupProbe : slot.View.Spec.LivenessProbe;
            var grace = probe?.TerminationGracePeriodSeconds is { } seconds ? GracePeriods.Of(seconds) : (TimeSpan?)null;
            var why = $"Container {slot.Name} failed {kind.ToString().ToLowerInvariant()} probe, will be restarted";
            slot.Set(view => view with { Kill = new ContainerKill(why, grace) });
        }
    }

    private void Exited(ContainerSlot slot, Pod pod, ContainerInfo exited, bool ended)
    {
        slot.End(_ends.Of(exited, slot.View.Spec, pod.Metadata.Uid));
        EndProbes(slot);
        if (ended || !RestartRules.RunsAgain(pod, slot.View))
        {
            return;
        }

        var finished = exited.FinishedAt ?? _time.GetUtcNow();
        if (slot.Crashes.NotBefore(finished) is not { } notBefore || notBefore <= _time.GetUtcNow())
        {
            return;
        }

        var name = $"{pod.Metadata.Name}_{pod.Metadata.Namespace}({pod.Metadata.Uid})";
        var delay = Coxswain.Api.Scalars.KubeDuration.Format(slot.Crashes.Delay);
        var waiting = new ContainerStateWaiting
        {
            Reason = "CrashLoopBackOff",
            Message = $"back-off {delay} restarting failed container={slot.Name} pod={name}",
        };
        slot.Set(view => view with { NotBefore = notBefore, Waiting = waiting });
        _events.Warning(
            pod, "BackOff", $"Back-off restarting failed container {slot.Name} in pod {name}", ContainerStarter.FieldPath(pod, slot.Name));
    }

    private void EndProbes(ContainerSlot slot)
    {
        if (slot.Probes is { } probes)
        {
            slot.Probes = null;
            _ending.RemoveAll(task => task.IsCompleted);
            _ending.Add(probes.DisposeAsync().AsTask());
        }
    }

    private ContainerInfo Lost(ContainerInfo known) => known with
    {
        State = ContainerRunState.Exited,
        ExitCode = 137,
        Reason = "ContainerStatusUnknown",
        Message = "The container could not be located when the pod was looked at",
        FinishedAt = _time.GetUtcNow(),
    };
}
