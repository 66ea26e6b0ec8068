namespace Coxswain.Controllers.Batch;

/// <summary>What a Job writes on its pods.</summary>
internal static class JobNames
{
    /// <summary>Keeps a pod until the Job's status has counted how it ended.</summary>
    public const string TrackingFinalizer = "batch.kubernetes.io/job-tracking";

    public const string CompletionIndex = "batch.kubernetes.io/job-completion-index";

    /// <summary>How often the pod's index failed before it.</summary>
    public const string IndexFailures = "batch.kubernetes.io/job-index-failure-count";

    /// <summary>How often it failed in a way that the failure policy does not count.</summary>
    public const string IndexIgnoredFailures = "batch.kubernetes.io/job-index-ignored-failure-count";

    /// <summary>Who runs a Job that says nothing, and the only one that this controller answers to.</summary>
    public const string Manager = "kubernetes.io/job-controller";

    public const string CronScheduledTime = "batch.kubernetes.io/cronjob-scheduled-timestamp";
}
