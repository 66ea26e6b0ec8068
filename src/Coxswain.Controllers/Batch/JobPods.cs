using System.Globalization;
using Coxswain.Api.Batch.V1;
using Coxswain.Api.Core.V1;
using Coxswain.Controllers.Pods;

namespace Coxswain.Controllers.Batch;

/// <summary>The pods of a Job: how they are made, and what they say.</summary>
internal static class JobPods
{
    private const string IndexVariable = "JOB_COMPLETION_INDEX";

    /// <param name="wanted">What is particular to this pod.</param>
    public static Pod Make(Job job, WantedPod wanted)
    {
        var pod = PodFromTemplate.Make(job.Spec.Template, job);
        var metadata = pod.Metadata with { Finalizers = [.. pod.Metadata.Finalizers, JobNames.TrackingFinalizer] };
        if (wanted.Index is not { } index)
        {
            return pod with { Metadata = metadata };
        }

        var text = index.ToString(CultureInfo.InvariantCulture);
        var annotations = new Dictionary<string, string>(metadata.Annotations, StringComparer.Ordinal) { [JobNames.CompletionIndex] = text };
        if (job.Spec.BackoffLimitPerIndex is not null)
        {
            annotations[JobNames.IndexFailures] = wanted.Failures.ToString(CultureInfo.InvariantCulture);
            if (wanted.IgnoredFailures > 0)
            {
                annotations[JobNames.IndexIgnoredFailures] = wanted.IgnoredFailures.ToString(CultureInfo.InvariantCulture);
            }
        }

        var spec = pod.Spec;
        return pod with
        {
            Metadata = metadata with
            {
                GenerateName = $"{job.Metadata.Name}-{text}-",
                Annotations = annotations,
                Labels = new Dictionary<string, string>(metadata.Labels, StringComparer.Ordinal) { [JobNames.CompletionIndex] = text },
            },
            Spec = spec with
            {
                Hostname = spec.Hostname.Length > 0 ? spec.Hostname : $"{job.Metadata.Name}-{text}",
                Containers = [.. spec.Containers.Select(WithIndex)],
                InitContainers = [.. spec.InitContainers.Select(WithIndex)],
            },
        };
    }

    /// <summary>Null when the pod has none, or one that is no number.</summary>
    public static int? IndexOf(Pod pod) => Number(pod, JobNames.CompletionIndex);

    public static int FailuresBefore(Pod pod) => Number(pod, JobNames.IndexFailures) ?? 0;

    public static int IgnoredFailuresBefore(Pod pod) => Number(pod, JobNames.IndexIgnoredFailures) ?? 0;

    public static bool IsTracked(Pod pod) => pod.Metadata.Finalizers.Contains(JobNames.TrackingFinalizer);

    /// <summary>When the last container ended; of a pod without any, when it was said to be unready.</summary>
    public static DateTimeOffset EndOf(Pod pod)
    {
        var ends = pod.Status.ContainerStatuses.Select(container => container.State.Terminated?.FinishedAt).OfType<DateTimeOffset>().ToList();
        return ends.Count > 0 ? ends.Max()
            : pod.Find(PodConditionType.Ready)?.LastTransitionTime ?? pod.Metadata.CreationTimestamp ?? DateTimeOffset.MinValue;
    }

    private static int? Number(Pod pod, string annotation) =>
        int.TryParse(pod.Metadata.Annotations.GetValueOrDefault(annotation), NumberStyles.None, CultureInfo.InvariantCulture, out var number)
            ? number : null;

    private static Container WithIndex(Container container) => container.Env.Any(variable => variable.Name == IndexVariable)
        ? container
        : container with
        {
            Env =
            [
                .. container.Env,
                new EnvVar
                {
                    Name = IndexVariable,
                    ValueFrom = new EnvVarSource { FieldRef = new ObjectFieldSelector { FieldPath = $"metadata.annotations['{JobNames.CompletionIndex}']" } },
                },
            ],
        };
}
