using Coxswain.Api.Apps.V1;
using Coxswain.Api.Batch.V1;
using Coxswain.Api.Core.V1;
using Coxswain.Api.Selectors;
using LabelSelectorType = Coxswain.Api.Meta.V1.LabelSelector;

namespace Coxswain.ApiServer.Cells;

/// <summary>The columns of everything that has a Pod template.</summary>
internal static class WorkloadCells
{
    public static object? Cell(Deployment deployment, string column) => column switch
    {
        "Ready" => $"{deployment.Status.ReadyReplicas}/{deployment.Spec.Replicas ?? 1}",
        "Up-to-date" => deployment.Status.UpdatedReplicas,
        "Available" => deployment.Status.AvailableReplicas,
        _ => Template(deployment.Spec.Template, deployment.Spec.Selector, column),
    };

    public static object? Cell(ReplicaSet set, string column) => column switch
    {
        "Desired" => set.Spec.Replicas ?? 1,
        "Current" => set.Status.Replicas,
        "Ready" => set.Status.ReadyReplicas,
        _ => Template(set.Spec.Template, set.Spec.Selector, column),
    };

    public static object? Cell(ReplicationController controller, string column) => column switch
    {
        "Desired" => controller.Spec.Replicas ?? 1,
        "Current" => controller.Status.Replicas,
        "Ready" => controller.Status.ReadyReplicas,
        "Selector" => CellText.Labels(controller.Spec.Selector),
        _ => Template(controller.Spec.Template ?? PodTemplateSpec.Empty, null, column),
    };

    public static object? Cell(StatefulSet set, string column) => column switch
    {
        "Ready" => $"{set.Status.ReadyReplicas}/{set.Spec.Replicas ?? 1}",
        _ => Template(set.Spec.Template, set.Spec.Selector, column),
    };

    public static object? Cell(DaemonSet set, string column) => column switch
    {
        "Desired" => set.Status.DesiredNumberScheduled,
        "Current" => set.Status.CurrentNumberScheduled,
        "Ready" => set.Status.NumberReady,
        "Up-to-date" => set.Status.UpdatedNumberScheduled,
        "Available" => set.Status.NumberAvailable,
        "Node Selector" => CellText.Labels(set.Spec.Template.Spec.NodeSelector),
        _ => Template(set.Spec.Template, set.Spec.Selector, column),
    };

    public static object? Cell(Job job, string column, DateTimeOffset now) => column switch
    {
        "Status" => JobStatus(job),
        "Completions" => job.Spec switch
        {
            { Completions: { } wanted } => $"{job.Status.Succeeded}/{wanted}",
            { Parallelism: > 1 } => $"{job.Status.Succeeded}/1 of {job.Spec.Parallelism}",
            _ => $"{job.Status.Succeeded}/1",
        },
        "Duration" => job.Status.StartTime is { } started ? Ages.Short((job.Status.CompletionTime ?? now) - started) : "",
        _ => Template(job.Spec.Template, job.Spec.Selector, column),
    };

    public static object? Cell(CronJob job, string column, DateTimeOffset now) => column switch
    {
        "Schedule" => job.Spec.Schedule,
        "Timezone" => job.Spec.TimeZone ?? "<none>",
        "Suspend" => job.Spec.Suspend == true ? "True" : "False",
        "Active" => job.Status.Active.Count,
        "Last Schedule" => job.Status.LastScheduleTime is { } last ? Ages.Since(last, now) : "<none>",
        _ => Template(job.Spec.JobTemplate.Spec.Template, job.Spec.JobTemplate.Spec.Selector, column),
    };

    public static object? Cell(ControllerRevision revision, string column) => column switch
    {
        "Controller" => revision.Metadata.OwnerReferences.FirstOrDefault(owner => owner.Controller == true) is { } owner
            ? $"{owner.Kind.ToLowerInvariant()}.{owner.ApiVersion.Split('/')[0]}/{owner.Name}" : "<none>",
        "Revision" => revision.Revision,
        _ => null,
    };

    public static object? Cell(PodTemplate template, string column) => column switch
    {
        "Pod Labels" => CellText.Labels(template.Template.Metadata.Labels),
        _ => Template(template.Template, null, column),
    };

    private static object? Template(PodTemplateSpec template, LabelSelectorType? selector, string column) => column switch
    {
        "Containers" => string.Join(',', template.Spec.Containers.Select(container => container.Name)),
        "Images" => string.Join(',', template.Spec.Containers.Select(container => container.Image)),
        "Selector" => selector is null ? "<none>" : CellText.OrNone(LabelSelector.From(selector).ToString()),
        _ => null,
    };

    private static string JobStatus(Job job)
    {
        bool Has(string type) => job.Status.Conditions.Any(condition => condition.Type == type && condition.Status == "True");
        return Has("Complete") ? "Complete" : Has("Failed") ? "Failed"
            : job.Metadata.DeletionTimestamp is not null ? "Terminating"
            : Has("Suspended") ? "Suspended" : Has("FailureTarget") ? "FailureTarget"
            : Has("SuccessCriteriaMet") ? "SuccessCriteriaMet" : "Running";
    }
}
