using Coxswain.Api.Batch.V1;
using Coxswain.Api.Core.V1;

namespace Coxswain.Controllers.Batch;

/// <summary>
/// What a Job's podFailurePolicy makes of a failed pod
/// (https://kubernetes.io/docs/concepts/workloads/controllers/job/#pod-failure-policy). Pure.
/// </summary>
internal static class PodFailureRules
{
    /// <summary>The first rule that matches decides; without one the failure counts.</summary>
    public static PodFailureVerdict Judge(PodFailurePolicy? policy, Pod pod)
    {
        // A pod that is only on its way out has no exit codes yet, nor what it ended of.
        if (policy is null || pod.Status.Phase != PodPhase.Failed)
        {
            return new PodFailureVerdict(PodFailurePolicyAction.Count, "");
        }

        for (var i = 0; i < policy.Rules.Count; i++)
        {
            var rule = policy.Rules[i];
            if (Match(rule, pod) is { } what)
            {
                return new PodFailureVerdict(rule.Action, $"{what} matching {rule.Action} rule at index {i}");
            }
        }

        return new PodFailureVerdict(PodFailurePolicyAction.Count, "");
    }

    private static string? Match(PodFailurePolicyRule rule, Pod pod)
    {
        var name = $"{pod.Metadata.Namespace}/{pod.Metadata.Name}";
        if (rule.OnExitCodes is { } codes)
        {
            foreach (var container in pod.Status.ContainerStatuses.Concat(pod.Status.InitContainerStatuses))
            {
                if (container.State.Terminated is { ExitCode: not 0 } ended
                    && (codes.ContainerName is null || codes.ContainerName == container.Name)
                    && codes.Values.Contains(ended.ExitCode) == (codes.Operator == PodFailurePolicyOnExitCodesOperator.In))
                {
                    return $"Container {container.Name} for pod {name} failed with exit code {ended.ExitCode}";
                }
            }

            return null;
        }

        var matched = rule.OnPodConditions.FirstOrDefault(pattern =>
            pod.Find(pattern.Type) is { } condition && condition.Status == (pattern.Status.Length > 0 ? pattern.Status : ConditionStatus.True));
        return matched is null ? null : $"Pod {name} has condition {matched.Type}";
    }
}

/// <param name="Action">One of <see cref="PodFailurePolicyAction"/>.</param>
/// <param name="Message">What matched, for the Job's condition; empty when no rule did.</param>
internal sealed record PodFailureVerdict(string Action, string Message);
