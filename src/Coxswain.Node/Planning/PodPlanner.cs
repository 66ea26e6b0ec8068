using Coxswain.Node.PodFacts;

namespace Coxswain.Node.Planning;

/// <summary>Decides, from a pod as it is now, what to do. A pure function: the worker applies it and asks again on every change.</summary>
internal static class PodPlanner
{
    /// <summary>How long a container that must go (finished pod, failed probe) is asked, when the pod does not say.</summary>
    private const long DefaultGraceSeconds = 30;

    public static PodPlan Plan(PodView view)
    {
        var actions = new List<PodAction>();
        var wake = new WakeTime(view.Now);
        if (RestartRules.IsEnding(view))
        {
            PlanEnd(view, actions, wake);
            return new PodPlan(actions, wake.At);
        }

        if (view.Deadline is { } deadline)
        {
            wake.Add(deadline);
        }

        if (IsDue(view.Volumes, wake))
        {
            actions.Add(new MountVolumes());
        }

        var sandboxReady = view.Sandbox is { Ready: true };
        if (!sandboxReady)
        {
            PlanSandbox(view, actions, wake);
        }

        if (sandboxReady && view.Volumes.Done)
        {
            PlanContainers(view, actions, wake);
        }

        return new PodPlan(actions, wake.At);
    }

    /// <summary>What runs without the sandbox it was made in ends before there is a new one, in which it then runs again.</summary>
    private static void PlanSandbox(PodView view, List<PodAction> actions, WakeTime wake)
    {
        if (!view.IsActive)
        {
            if (IsDue(view.SandboxStep with { Done = false }, wake))
            {
                actions.Add(new RunSandbox());
            }

            return;
        }

        var killAt = view.Now + Grace(view);
        foreach (var container in view.Containers.Where(container => container is { IsRunning: true, StoppingUntil: null }))
        {
            actions.Add(new StopContainer(container.Spec.Name, "Pod sandbox changed, it will be killed and re-created.", killAt));
        }
    }

    private static void PlanEnd(PodView view, List<PodAction> actions, WakeTime wake)
    {
        var killAt = view.KillAt ?? view.Now + Grace(view);
        foreach (var container in view.Containers.Where(container => container.IsRunning))
        {
            if (killAt > view.Now && Serves(view, container))
            {
                wake.Add(killAt);
            }
            else if (container.StoppingUntil is not { } until || (view.KillAt is { } sooner && sooner < until))
            {
                actions.Add(new StopContainer(container.Spec.Name, $"Stopping container {container.Spec.Name}", killAt));
            }
        }

        if (!view.IsActive && !view.Volumes.Busy && !view.SandboxStep.Busy && IsDue(view.CleanUp, wake))
        {
            actions.Add(new CleanUp());
        }
    }

    /// <summary>A sidecar serves the main containers and the sidecars after it to their end: they stop in reverse order.</summary>
    private static bool Serves(PodView view, ContainerView sidecar) =>
        sidecar.Kind == ContainerKind.Sidecar
        && view.Containers.SkipWhile(container => container.Spec.Name != sidecar.Spec.Name).Skip(1)
            .Any(container => container.Kind is ContainerKind.Sidecar or ContainerKind.Main && (container.IsRunning || container.Starting));

    private static void PlanContainers(PodView view, List<PodAction> actions, WakeTime wake)
    {
        foreach (var container in view.EphemeralContainers)
        {
            PlanContainer(view, container, actions, wake);
        }

        if (RestartRules.IsInitialized(view))
        {
            foreach (var container in view.LastingContainers)
            {
                PlanContainer(view, container, actions, wake);
            }

            return;
        }

        foreach (var container in view.InitContainers)
        {
            if (container.Kind == ContainerKind.Sidecar || !RestartRules.IsInitDone(container))
            {
                PlanContainer(view, container, actions, wake);
            }

            if (!RestartRules.IsInitDone(container))
            {
                return;
            }
        }
    }

    private static void PlanContainer(PodView view, ContainerView container, List<PodAction> actions, WakeTime wake)
    {
        if (container.Starting || container.StoppingUntil is not null)
        {
            return;
        }

        if (container.IsRunning)
        {
            if (container.Kill is { } kill)
            {
                actions.Add(new StopContainer(container.Spec.Name, kill.Message, view.Now + (kill.Grace ?? Grace(view))));
            }
            else if (container.IsOutOfSize && !container.Resizing)
            {
                PlanResize(view, container, actions, wake);
            }

            return;
        }

        if (container.IsExited && !RestartRules.RunsAgain(view.Pod, container))
        {
            return;
        }

        if (container.NotBefore is { } notBefore && view.Now < notBefore)
        {
            wake.Add(notBefore);
            return;
        }

        actions.Add(new StartContainer(container.Spec.Name));
    }

    private static void PlanResize(PodView view, ContainerView container, List<PodAction> actions, WakeTime wake)
    {
        var name = container.Spec.Name;
        if (ContainerAmounts.NeedsRestart(container.Spec, container.Current!.Resources, container.Wanted)) // It runs: there is one.
        {
            actions.Add(new StopContainer(name, $"Container {name} resize requires restart", view.Now + Grace(view)));
        }
        else if (container.ResizeNotBefore is { } notBefore && !wake.IsPast(notBefore))
        {
            wake.Add(notBefore);
        }
        else
        {
            actions.Add(new ResizeContainer(name));
        }
    }

    private static TimeSpan Grace(PodView view) => GracePeriods.Of(view.Pod.Spec.TerminationGracePeriodSeconds ?? DefaultGraceSeconds);

    private static bool IsDue(StepView step, WakeTime wake)
    {
        if (step.Done || step.Busy)
        {
            return false;
        }

        if (step.NotBefore is { } notBefore && !wake.IsPast(notBefore))
        {
            wake.Add(notBefore);
            return false;
        }

        return true;
    }

    private sealed class WakeTime(DateTimeOffset now)
    {
        public DateTimeOffset? At { get; private set; }

        public bool IsPast(DateTimeOffset time) => time <= now;

        public void Add(DateTimeOffset time)
        {
            if (time > now && (At is null || time < At))
            {
                At = time;
            }
        }
    }
}
