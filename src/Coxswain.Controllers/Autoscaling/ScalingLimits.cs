using Coxswain.Api.Autoscaling.V2;

namespace Coxswain.Controllers.Autoscaling;

/// <summary>
/// What a behavior, and the least and most, leave of a recommendation
/// (https://kubernetes.io/docs/tasks/run-application/horizontal-pod-autoscale/#configurable-scaling-behavior). Pure.
/// </summary>
/// <param name="Stabilized">Why an earlier recommendation counts for more; empty when it does not.</param>
/// <param name="IsLimited">The recommendation was cut, for <paramref name="Reason"/>.</param>
internal sealed record ScalingLimits(int Replicas, string Stabilized, bool IsLimited, string Reason, string Message)
{
    private static readonly HPAScalingRules DefaultUp = new()
    {
        StabilizationWindowSeconds = 0,
        Policies =
        [
            new HPAScalingPolicy { Type = HPAScalingPolicyType.Pods, Value = 4, PeriodSeconds = 15 },
            new HPAScalingPolicy { Type = HPAScalingPolicyType.Percent, Value = 100, PeriodSeconds = 15 },
        ],
    };

    private static readonly HPAScalingRules DefaultDown = new()
    {
        StabilizationWindowSeconds = 300,
        Policies = [new HPAScalingPolicy { Type = HPAScalingPolicyType.Percent, Value = 100, PeriodSeconds = 15 }],
    };

    public static ScalingLimits Apply(HorizontalPodAutoscalerSpec spec, int current, int recommended, ScalingHistory history, DateTimeOffset now)
    {
        var (up, down) = (Rules(spec.Behavior?.ScaleUp, DefaultUp), Rules(spec.Behavior?.ScaleDown, DefaultDown));
        var (stable, stabilized) = Stabilize(current, recommended, up, down, history, now);
        var least = spec.MinReplicas ?? 1;
        if (stable > current)
        {
            var limit = Math.Max(current, UpLimit(current, up, history, now));
            return stable > spec.MaxReplicas && spec.MaxReplicas <= limit ? TooMany(spec.MaxReplicas, stabilized)
                : stable > limit ? new(limit, stabilized, true, "ScaleUpLimit", "the desired replica count is increasing faster than the maximum scale rate")
                : Within(stable, stabilized);
        }

        if (stable < current)
        {
            var limit = Math.Min(current, DownLimit(current, down, history, now));
            return stable < least && least >= limit ? TooFew(least, stabilized)
                : stable < limit ? new(limit, stabilized, true, "ScaleDownLimit", "the desired replica count is decreasing faster than the maximum scale rate")
                : Within(stable, stabilized);
        }

        return recommended > spec.MaxReplicas ? TooMany(Math.Min(stable, spec.MaxReplicas), stabilized)
            : recommended < least ? TooFew(Math.Max(stable, least), stabilized)
            : Within(stable, stabilized);
    }

    private static ScalingLimits Within(int replicas, string stabilized) =>
        new(replicas, stabilized, false, "DesiredWithinRange", "the desired count is within the acceptable range");

    private static ScalingLimits TooMany(int most, string stabilized) =>
        new(most, stabilized, true, "TooManyReplicas", "the desired replica count is more than the maximum replica count");

    private static ScalingLimits TooFew(int least, string stabilized) =>
        new(least, stabilized, true, "TooFewReplicas", "the desired replica count is less than the minimum replica count");

    private static HPAScalingRules Rules(HPAScalingRules? given, HPAScalingRules defaults) => given is null ? defaults : given with
    {
        StabilizationWindowSeconds = given.StabilizationWindowSeconds ?? defaults.StabilizationWindowSeconds,
        Policies = given.Policies.Count > 0 ? given.Policies : defaults.Policies,
    };

    /// <summary>Up to the least that was recommended within its window, down to the most within its own.</summary>
    private static (int Replicas, string Why) Stabilize(
        int current, int recommended, HPAScalingRules up, HPAScalingRules down, ScalingHistory history, DateTimeOffset now)
    {
        DateTimeOffset Since(HPAScalingRules rules) => now - TimeSpan.FromSeconds(rules.StabilizationWindowSeconds ?? 0);
        var most = history.RecommendedSince(Since(down)).Append(recommended).Max();
        var least = history.RecommendedSince(Since(up)).Append(recommended).Min();
        var stable = Math.Min(Math.Max(current, least), most);
        return stable == recommended ? (stable, "")
            : stable > recommended ? (stable, "ScaleDownStabilized") : (stable, "ScaleUpStabilized");
    }

    private static int UpLimit(int current, HPAScalingRules rules, ScalingHistory history, DateTimeOffset now)
    {
        if (rules.SelectPolicy == ScalingPolicySelect.Disabled)
        {
            return current;
        }

        var limits = rules.Policies.Select(policy =>
        {
            var since = now - TimeSpan.FromSeconds(policy.PeriodSeconds);
            var start = (long)current - history.AddedSince(since) + history.RemovedSince(since);
            var limit = policy.Type == HPAScalingPolicyType.Pods ? start + policy.Value : (long)Math.Ceiling(start * (1 + (policy.Value / 100.0)));
            return (int)Math.Clamp(limit, int.MinValue, int.MaxValue);
        });
        return rules.SelectPolicy == ScalingPolicySelect.Min ? limits.Min() : limits.Max();
    }

    private static int DownLimit(int current, HPAScalingRules rules, ScalingHistory history, DateTimeOffset now)
    {
        if (rules.SelectPolicy == ScalingPolicySelect.Disabled)
        {
            return current;
        }

        var limits = rules.Policies.Select(policy =>
        {
            var since = now - TimeSpan.FromSeconds(policy.PeriodSeconds);
            var start = (long)current + history.RemovedSince(since) - history.AddedSince(since);
            var limit = policy.Type == HPAScalingPolicyType.Pods ? start - policy.Value : (long)Math.Floor(start * (1 - (policy.Value / 100.0)));
            return (int)Math.Clamp(limit, 0, int.MaxValue);
        });

        // The policy that allows the greatest change is the one with the lowest limit.
        return rules.SelectPolicy == ScalingPolicySelect.Min ? limits.Max() : limits.Min();
    }
}
