using Coxswain.Api.Batch.V1;
using Coxswain.Api.Core.V1;
using Coxswain.Api.Meta.V1;

namespace Coxswain.Controllers.Tests.Batch;

/// <summary>Jobs for tests, and the ends of their pods.</summary>
internal static class Jobs
{
    public static Job Make(string name = "work", Func<JobSpec, JobSpec>? change = null)
    {
        var spec = new JobSpec
        {
            Template = new PodTemplateSpec
            {
                Spec = new PodSpec { RestartPolicy = "Never", Containers = [new Container { Name = "main", Image = "work" }] },
            },
        };
        return new Job { Metadata = ObjectMeta.Empty with { Name = name, Namespace = "default" }, Spec = change?.Invoke(spec) ?? spec };
    }

    public static Job Indexed(int completions, Func<JobSpec, JobSpec>? change = null) => Make(change: spec =>
    {
        spec = spec with { CompletionMode = "Indexed", Completions = completions, Parallelism = completions };
        return change?.Invoke(spec) ?? spec;
    });

    /// <summary>The pod's container ends with the code.</summary>
    public static Task<Pod> EndAsync(this ControlPlane cluster, Pod pod, int exitCode) =>
        cluster.UpdateStatusAsync<Pod>(pod.Metadata.Namespace, pod.Metadata.Name, current => current with
        {
            Status = current.Status with
            {
                Phase = exitCode == 0 ? PodPhase.Succeeded : PodPhase.Failed,
                Conditions = [.. current.Status.Conditions.Where(condition => condition.Type != PodConditionType.Ready)],
                ContainerStatuses =
                [
                    new ContainerStatus
                    {
                        Name = "main", Image = "work", ImageID = "work",
                        State = new ContainerState { Terminated = new ContainerStateTerminated { ExitCode = exitCode, FinishedAt = cluster.Time.GetUtcNow() } },
                    },
                ],
            },
        });

    public static bool Is(Job job, string type) => job.Status.Conditions.Any(condition => condition.Type == type && condition.Status == "True");

    public static int? IndexOf(Pod pod) =>
        pod.Metadata.Annotations.TryGetValue("batch.kubernetes.io/job-completion-index", out var text) ? int.Parse(text, null) : null;

    /// <summary>Neither ended nor on its way out.</summary>
    public static bool IsActive(Pod pod) => pod.Metadata.DeletionTimestamp is null && pod.Status.Phase is (PodPhase.Running or PodPhase.Pending);
}
