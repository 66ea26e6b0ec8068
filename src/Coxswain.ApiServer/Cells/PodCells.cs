using Coxswain.Api.Core.V1;
using Coxswain.ApiServer.Documents;

namespace Coxswain.ApiServer.Cells;

/// <summary>
/// The columns of Pods, above all the word under STATUS, which Kubernetes computes from phase, reasons and container
/// states (https://github.com/kubernetes/kubernetes/blob/v1.33.0/pkg/printers/internalversion/printers.go, printPod).
/// </summary>
internal static class PodCells
{
    public static object? Cell(Pod pod, string column, DateTimeOffset now) => column switch
    {
        "Ready" => Ready(pod),
        "Status" => Status(pod),
        "Restarts" => Restarts(pod, now),
        "IP" => pod.Status.PodIPs is [var first, ..] ? first.Ip : OrNone(pod.Status.PodIP),
        "Node" => OrNone(pod.Spec.NodeName),
        "Nominated Node" => OrNone(pod.Status.NominatedNodeName),
        "Readiness Gates" => Gates(pod),
        _ => null,
    };

    private static string OrNone(string text) => text.Length == 0 ? "<none>" : text;

    private static bool IsSidecar(Container container) => container.RestartPolicy == "Always";

    private static string Ready(Pod pod)
    {
        var sidecars = pod.Spec.InitContainers.Where(IsSidecar).Select(container => container.Name).ToHashSet();
        var ready = pod.Status.ContainerStatuses.Count(status => status.Ready && status.State.Running is not null)
            + pod.Status.InitContainerStatuses.Count(status => sidecars.Contains(status.Name) && status.Ready && status.Started == true);
        return $"{ready}/{pod.Spec.Containers.Count + sidecars.Count}";
    }

    private static string Status(Pod pod)
    {
        var reason = pod.Status.Reason.Length > 0 ? pod.Status.Reason : pod.Status.Phase;
        if (pod.Status.Conditions.Any(condition => condition is { Type: "PodScheduled", Reason: "SchedulingGated" }))
        {
            reason = "SchedulingGated";
        }

        var initReason = InitReason(pod);
        reason = initReason ?? reason;
        if (initReason is null || IsInitialized(pod))
        {
            reason = ContainerReason(pod, reason);
        }

        if (pod.Metadata.DeletionTimestamp is null)
        {
            return reason;
        }

        return pod.Status.Reason == "NodeLost" ? "Unknown" : pod.Status.Phase is "Failed" or "Succeeded" ? reason : "Terminating";
    }

    private static bool IsInitialized(Pod pod) =>
        pod.Status.Conditions.Any(condition => condition is { Type: "Initialized", Status: "True" });

    /// <summary>What the first init container that is not done says; null when all are.</summary>
    private static string? InitReason(Pod pod)
    {
        var specs = pod.Spec.InitContainers.ToDictionary(container => container.Name);
        for (var i = 0; i < pod.Status.InitContainerStatuses.Count; i++)
        {
            var status = pod.Status.InitContainerStatuses[i];
            if (status.State.Terminated is { ExitCode: 0 }
                || (specs.TryGetValue(status.Name, out var spec) && IsSidecar(spec) && status.Started == true))
            {
                continue;
            }

            return status.State switch
            {
                { Terminated: { Reason.Length: > 0 } ended } => "Init:" + ended.Reason,
                { Terminated: { Signal: not 0 } ended } => $"Init:Signal:{ended.Signal}",
                { Terminated: { } ended } => $"Init:ExitCode:{ended.ExitCode}",
                { Waiting: { Reason.Length: > 0 } waiting } when waiting.Reason != "PodInitializing" => "Init:" + waiting.Reason,
                _ => $"Init:{i}/{pod.Spec.InitContainers.Count}",
            };
        }

        return null;
    }

    /// <summary>The first container's trouble wins; a running one beside a completed one makes the Pod run.</summary>
    private static string ContainerReason(Pod pod, string reason)
    {
        var isRunning = false;
        for (var i = pod.Status.ContainerStatuses.Count - 1; i >= 0; i--)
        {
            var status = pod.Status.ContainerStatuses[i];
            switch (status.State)
            {
                case { Waiting: { Reason.Length: > 0 } waiting }:
                    reason = waiting.Reason;
                    break;
                case { Terminated: { Reason.Length: > 0 } ended }:
                    reason = ended.Reason;
                    break;
                case { Terminated: { Signal: not 0 } ended }:
                    reason = $"Signal:{ended.Signal}";
                    break;
                case { Terminated: { } ended }:
                    reason = $"ExitCode:{ended.ExitCode}";
                    break;
                case { Running: not null } when status.Ready:
                    isRunning = true;
                    break;
            }
        }

        if (reason == "Completed" && isRunning)
        {
            return pod.Status.Conditions.Any(condition => condition is { Type: "Ready", Status: "True" }) ? "Running" : "NotReady";
        }

        return reason;
    }

    private static string Restarts(Pod pod, DateTimeOffset now)
    {
        var sidecars = pod.Spec.InitContainers.Where(IsSidecar).Select(container => container.Name).ToHashSet();
        var isInitializing = InitReason(pod) is not null && !IsInitialized(pod);
        var counted = isInitializing
            ? pod.Status.InitContainerStatuses
            : pod.Status.ContainerStatuses.Concat(pod.Status.InitContainerStatuses.Where(status => sidecars.Contains(status.Name)));
        var count = 0;
        DateTimeOffset? last = null;
        foreach (var status in counted)
        {
            count += status.RestartCount;
            if (status.LastState.Terminated?.FinishedAt is { } finished && (last is null || finished > last))
            {
                last = finished;
            }
        }

        return count > 0 && last is { } time ? $"{count} ({Ages.Short(now - time)} ago)" : $"{count}";
    }

    private static string Gates(Pod pod)
    {
        if (pod.Spec.ReadinessGates.Count == 0)
        {
            return "<none>";
        }

        var good = pod.Spec.ReadinessGates.Count(gate =>
            pod.Status.Conditions.Any(condition => condition.Type == gate.ConditionType && condition.Status == "True"));
        return $"{good}/{pod.Spec.ReadinessGates.Count}";
    }
}
