using Coxswain.Api.Core.V1;
using Coxswain.Node.PodFacts;

namespace Coxswain.Node.Planning;

/// <summary>A pod's status as the kubelet words it: a pure function of the view and of the status before (for transition times).</summary>
/// <param name="runtimeName">The word before <c>://</c> in a containerID.</param>
internal sealed class PodStatusBuilder(string runtimeName, string hostAddress)
{
    private const string NotReadyReason = "ContainersNotReady";

    public string HostAddress => hostAddress;

    public PodStatus Build(PodView view, PodStatus before)
    {
        var initialized = RestartRules.IsInitialized(view);
        var phase = Phase(view, initialized);
        var failure = view.Failure;
        if (phase is PodPhase.Succeeded or PodPhase.Failed && !view.IsOver && view.IsActive)
        {
            // A phase that ends is told when nothing runs any more: whoever replaces the pod relies on that.
            (phase, failure) = (before.Phase.Length > 0 ? before.Phase : PodPhase.Pending, null);
        }

        var status = before with
        {
            ObservedGeneration = view.Pod.Metadata.Generation,
            Phase = phase,
            Reason = failure?.Reason ?? before.Reason,
            Message = failure?.Message ?? before.Message,
            StartTime = before.StartTime ?? view.Now,
            QosClass = OomScores.QualityOf(view.Pod),
        };
        if (view.Rejection is not null)
        {
            return status;
        }

        var addresses = Addresses(view, before);
        status = status with
        {
            HostIP = hostAddress,
            HostIPs = [new HostIP { Ip = hostAddress }],
            PodIP = addresses.Count > 0 ? addresses[0] : "",
            PodIPs = [.. addresses.Select(address => new PodIP { Ip = address })],
            InitContainerStatuses = [.. view.InitContainers.Select(container => Container(view, container, initialized))],
            ContainerStatuses = [.. view.MainContainers.Select(container => Container(view, container, initialized))],
            EphemeralContainerStatuses = [.. view.EphemeralContainers.Select(container => Container(view, container, initialized: true))],
        };
        return status with { Conditions = Conditions(view, status, before, initialized) };
    }

    private IReadOnlyList<string> Addresses(PodView view, PodStatus before)
    {
        if (view.Sandbox is null)
        {
            // Kept after the end: who reads the status of a finished pod wants to know where it was.
            return [.. before.PodIPs.Select(address => address.Ip)];
        }

        return view.Pod.Spec.HostNetwork ? [hostAddress]
            : view.Sandbox.Addresses.Count > 0 ? view.Sandbox.Addresses
            : [.. before.PodIPs.Select(address => address.Ip)];
    }

    private ContainerStatus Container(PodView view, ContainerView container, bool initialized)
    {
        var state = State(view, container, initialized);
        var last = container.Terminated is { } terminated && state.Terminated is null ? terminated : container.LastTerminated;
        return new ContainerStatus
        {
            Name = container.Spec.Name,
            State = state,
            LastState = last is null ? ContainerState.Empty : new ContainerState { Terminated = last },
            Ready = container.IsReady,
            RestartCount = container.RestartCount,
            Image = container.Current is { Image.Length: > 0 } current ? current.Image : container.Spec.Image,
            ImageID = container.Current?.ImageId ?? "",
            ContainerID = container.Current is { Id.Length: > 0 } made ? $"{runtimeName}://{made.Id}" : "",
            Started = container.Kind == ContainerKind.Ephemeral ? null : container.IsStarted,
            AllocatedResources = container.Spec.Resources.Requests,
            Resources = container.IsOutOfSize ? container.Actual ?? ResourceRequirements.Empty : container.Spec.Resources,
            VolumeMounts = [.. container.Spec.VolumeMounts.Select(Mount)],
        };
    }

    private static VolumeMountStatus Mount(VolumeMount mount) => new()
    {
        Name = mount.Name,
        MountPath = mount.MountPath,
        ReadOnly = mount.ReadOnly,
        RecursiveReadOnly = !mount.ReadOnly ? null
            : mount.RecursiveReadOnly is RecursiveReadOnlyMode.Enabled or RecursiveReadOnlyMode.IfPossible ? RecursiveReadOnlyMode.Enabled
            : RecursiveReadOnlyMode.Disabled,
    };

    private static ContainerState State(PodView view, ContainerView container, bool initialized)
    {
        if (container.IsRunning)
        {
            return new ContainerState { Running = new ContainerStateRunning { StartedAt = container.Current!.StartedAt } }; // Running: there is one.
        }

        var ended = RestartRules.IsEnding(view);
        if (container.Terminated is { } terminated && (ended || container.Waiting is null))
        {
            return new ContainerState { Terminated = terminated };
        }

        // A container that ended before anything of it was seen: the pod is over, so it does not wait for anything.
        var reason = container.Kind != ContainerKind.Ephemeral
            && view.InitContainers.Any() && !(initialized && container.Kind == ContainerKind.Main && container.Starting)
            ? "PodInitializing"
            : "ContainerCreating";
        return new ContainerState { Waiting = container.Waiting ?? new ContainerStateWaiting { Reason = reason } };
    }

    private static string Phase(PodView view, bool initialized)
    {
        if (view.IsOver)
        {
            return view.Pod.Status.Phase; // Phases end: nothing brings a finished pod back.
        }

        if (view.Failure is not null)
        {
            return PodPhase.Failed;
        }

        if (RestartRules.InitFailed(view))
        {
            return PodPhase.Failed;
        }

        var mains = view.MainContainers.ToList();
        var finished = mains.All(container => container.IsExited
            && (view.Terminating || !RestartRules.RunsAgain(view.Pod, container)));
        if (finished)
        {
            return mains.All(container => container.Succeeded) ? PodPhase.Succeeded : PodPhase.Failed;
        }

        return initialized && mains.All(container => container.Current is not null) ? PodPhase.Running : PodPhase.Pending;
    }

    private static List<PodCondition> Conditions(PodView view, PodStatus status, PodStatus before, bool initialized)
    {
        var over = status.Phase switch
        {
            PodPhase.Succeeded => "PodCompleted",
            PodPhase.Failed => "PodFailed",
            _ => null,
        };
        var containersReady = over is not null
            ? Verdict.No(over, "")
            : Unready(view.LastingContainers);
        var conditions = new ConditionList(view, before);
        conditions.Set(PodConditionType.PodReadyToStartContainers, new Verdict(view.Sandbox is { Ready: true } && over is null));
        conditions.Set(PodConditionType.Initialized, Initialized(view, status, initialized));
        conditions.Set(PodConditionType.Ready, containersReady.Holds ? Gates(view, before) : containersReady);
        conditions.Set(PodConditionType.ContainersReady, containersReady);
        conditions.Set(PodConditionType.PodScheduled, new Verdict(true));
        if (view.Eviction is { } eviction)
        {
            conditions.Set(PodConditionType.DisruptionTarget, new Verdict(true, OwnConditions.TerminationByKubelet, eviction.Message));
        }

        if (over is null)
        {
            SetResize(conditions, view);
        }

        return conditions.ToList();
    }

    private static void SetResize(ConditionList conditions, PodView view)
    {
        if (view.PendingResize is { } pending)
        {
            conditions.Set(PodConditionType.PodResizePending, new Verdict(true, pending.Reason, pending.Message));
        }

        var changing = view.Containers.Where(container => container.IsOutOfSize).ToList();
        if (changing.Count > 0)
        {
            var error = changing.Select(container => container.ResizeError).FirstOrDefault(error => error.Length > 0, "");
            conditions.Set(PodConditionType.PodResizeInProgress, new Verdict(true, error.Length > 0 ? "Error" : "", error));
        }
    }

    private static Verdict Initialized(PodView view, PodStatus status, bool initialized)
    {
        if (initialized)
        {
            return new Verdict(true, status.Phase == PodPhase.Succeeded ? "PodCompleted" : "");
        }

        var incomplete = view.InitContainers.Where(container => !RestartRules.IsInitDone(container));
        return Verdict.No("ContainersNotInitialized", $"containers with incomplete status: [{Names(incomplete)}]");
    }

    private static Verdict Unready(IEnumerable<ContainerView> containers)
    {
        var unready = containers.Where(container => !container.IsReady).ToList();
        return unready.Count == 0
            ? new Verdict(true)
            : Verdict.No(NotReadyReason, $"containers with unready status: [{Names(unready)}]");
    }

    private static Verdict Gates(PodView view, PodStatus before)
    {
        var open = view.Pod.Spec.ReadinessGates
            .Where(gate => !before.Conditions.Any(condition => condition.Type == gate.ConditionType && condition.Status == ConditionStatus.True))
            .Select(gate => $"corresponding condition of pod readiness gate \"{gate.ConditionType}\" does not exist or is not True.")
            .ToList();
        return open.Count == 0 ? new Verdict(true) : Verdict.No("ReadinessGatesNotReady", string.Join(", ", open));
    }

    private static string Names(IEnumerable<ContainerView> containers) =>
        string.Join(' ', containers.Select(container => container.Spec.Name));

    private readonly record struct Verdict(bool Holds, string Reason = "", string Message = "")
    {
        public static Verdict No(string reason, string message) => new(false, reason, message);
    }

    /// <summary>The kubelet's conditions over those of others, with the times at which they changed.</summary>
    private sealed class ConditionList(PodView view, PodStatus before)
    {
        private readonly List<PodCondition> _conditions = [];

        public void Set(string type, Verdict verdict)
        {
            var value = verdict.Holds ? ConditionStatus.True : ConditionStatus.False;
            var old = before.Conditions.FirstOrDefault(condition => condition.Type == type);
            _conditions.Add(new PodCondition
            {
                Type = type,
                Status = value,
                Reason = verdict.Reason,
                Message = verdict.Message,
                ObservedGeneration = view.Pod.Metadata.Generation,
                LastTransitionTime = old?.Status == value ? old.LastTransitionTime : view.Now,
            });
        }

        public List<PodCondition> ToList() =>
            [.. _conditions, .. before.Conditions.Where(other =>
                !OwnConditions.IsPassing(other.Type) && !_conditions.Exists(own => own.Type == other.Type))];
    }
}
