using Coxswain.Api.Batch.V1;
using Coxswain.Api.Errors;
using Coxswain.Api.Schedules;
using Coxswain.Api.Selectors;

namespace Coxswain.Api.Validation;

/// <summary>The rules for Jobs and CronJobs.</summary>
internal static class JobValidation
{
    /// <summary>The controller adds eleven characters for the time, within a label's 63.</summary>
    private const int MaxCronJobNameLength = 52;

    public static void Check(FieldErrors errors, Job value)
    {
        Spec(errors, value.Spec, "spec");

        // Unless it is the user's, the selector comes from the uid, which a Job has only once it is stored.
        if (value.Spec.ManualSelector == true && value.Spec.Selector is null)
        {
            errors.Required("spec.selector");
        }

        if (value.Spec.Selector is { } selector && !LabelSelector.From(selector).Matches(value.Spec.Template.Metadata.Labels))
        {
            errors.Invalid("spec.template.metadata.labels", SelectorValidation.Text(value.Spec.Template.Metadata.Labels), "`selector` does not match template `labels`");
        }
    }

    public static void Check(FieldErrors errors, CronJob value)
    {
        if (value.Metadata.Name.Length > MaxCronJobNameLength)
        {
            errors.Invalid("metadata.name", value.Metadata.Name, $"must be no more than {MaxCronJobNameLength} characters");
        }

        var spec = value.Spec;
        if (spec.Schedule.Length == 0)
        {
            errors.Required("spec.schedule");
        }
        else if (spec.Schedule.Contains("TZ", StringComparison.Ordinal))
        {
            errors.Invalid("spec.schedule", spec.Schedule, "cannot use TZ or CRON_TZ in schedule, use timeZone field instead");
        }
        else if (!CronSchedule.TryParse(spec.Schedule, out _, out var error))
        {
            errors.Invalid("spec.schedule", spec.Schedule, error);
        }

        TimeZone(errors, spec.TimeZone);

        errors.OneOf("spec.concurrencyPolicy", spec.ConcurrencyPolicy, "Allow", "Forbid", "Replace");
        errors.NonNegative("spec.startingDeadlineSeconds", spec.StartingDeadlineSeconds ?? 0);
        errors.NonNegative("spec.successfulJobsHistoryLimit", spec.SuccessfulJobsHistoryLimit ?? 0);
        errors.NonNegative("spec.failedJobsHistoryLimit", spec.FailedJobsHistoryLimit ?? 0);
        Spec(errors, spec.JobTemplate.Spec, "spec.jobTemplate.spec");
    }

    private static void TimeZone(FieldErrors errors, string? zone)
    {
        const string Path = "spec.timeZone";
        if (zone is null)
        {
            return;
        }

        if (zone.Length == 0)
        {
            errors.Invalid(Path, zone, "timeZone must be nil or non-empty string");
        }
        else if (zone.Equals("Local", StringComparison.OrdinalIgnoreCase))
        {
            errors.Invalid(Path, zone, "timeZone must be an explicit time zone as defined in https://www.iana.org/time-zones");
        }
        else if (!TimeZoneInfo.TryFindSystemTimeZoneById(zone, out _))
        {
            errors.Invalid(Path, zone, $"unknown time zone {zone}");
        }
    }

    public static void CheckUpdate(FieldErrors errors, Job value, Job old)
    {
        var (now, before) = (value.Spec, old.Spec);
        errors.Immutable("spec.selector", now.Selector, Equals(now.Selector, before.Selector));
        errors.Immutable("spec.completionMode", now.CompletionMode, now.CompletionMode == before.CompletionMode);
        if (now.CompletionMode != "Indexed")
        {
            errors.Immutable("spec.completions", now.Completions, now.Completions == before.Completions);
        }

        // A suspended Job that never ran may still be told where to run; that needs its status.
        if (!(before.Suspend == true && old.Status.StartTime is null))
        {
            errors.Immutable("spec.template", now.Template, now.Template.Equals(before.Template));
        }
    }

    private static void Spec(FieldErrors errors, JobSpec spec, string path)
    {
        errors.NonNegative(path + ".parallelism", spec.Parallelism ?? 0);
        errors.NonNegative(path + ".completions", spec.Completions ?? 0);
        errors.NonNegative(path + ".activeDeadlineSeconds", spec.ActiveDeadlineSeconds ?? 0);
        errors.NonNegative(path + ".backoffLimit", spec.BackoffLimit ?? 0);
        errors.NonNegative(path + ".ttlSecondsAfterFinished", spec.TtlSecondsAfterFinished ?? 0);
        if (spec.CompletionMode is { } mode)
        {
            errors.OneOf(path + ".completionMode", mode, "NonIndexed", "Indexed");
            if (mode == "Indexed" && spec.Completions is null)
            {
                errors.Required(path + ".completions", "when completion mode is Indexed");
            }
        }

        Policies(errors, spec, path);
        PodValidation.Template(errors, spec.Template, path + ".template");
        if (spec.Template.Spec.RestartPolicy == "Always")
        {
            errors.Add(FieldError.NotSupported(path + ".template.spec.restartPolicy", "Always", ["OnFailure", "Never"]));
        }
    }

    /// <summary>What a Job may say of its pods' ends only together with other fields.</summary>
    private static void Policies(FieldErrors errors, JobSpec spec, string path)
    {
        var isIndexed = spec.CompletionMode == "Indexed";
        if (spec.BackoffLimitPerIndex is { } limit)
        {
            errors.NonNegative(path + ".backoffLimitPerIndex", limit);
            if (!isIndexed)
            {
                errors.Invalid(path + ".backoffLimitPerIndex", limit, "requires indexed completion mode");
            }
        }

        if (spec.MaxFailedIndexes is { } most)
        {
            errors.NonNegative(path + ".maxFailedIndexes", most);
            if (spec.BackoffLimitPerIndex is null)
            {
                errors.Required(path + ".backoffLimitPerIndex", "when maxFailedIndexes is specified");
            }
        }

        if (spec.SuccessPolicy is { } success)
        {
            if (!isIndexed)
            {
                errors.Invalid(path + ".successPolicy", success, "requires indexed completion mode");
            }

            if (success.Rules.Count == 0)
            {
                errors.Required(path + ".successPolicy.rules", "at least one rules must be specified when the successPolicy is specified");
            }
        }

        if (spec.PodFailurePolicy is { } failure)
        {
            FailurePolicy(errors, spec, failure, path);
        }
    }

    private static void FailurePolicy(FieldErrors errors, JobSpec spec, PodFailurePolicy policy, string path)
    {
        if (spec.Template.Spec.RestartPolicy != "Never")
        {
            errors.Invalid(path + ".template.spec.restartPolicy", spec.Template.Spec.RestartPolicy, "only \"Never\" is supported when podFailurePolicy is specified");
        }

        for (var i = 0; i < policy.Rules.Count; i++)
        {
            var (rule, at) = (policy.Rules[i], $"{path}.podFailurePolicy.rules[{i}]");
            errors.OneOf(at + ".action", rule.Action, "Count", "FailIndex", "FailJob", "Ignore");
            if (rule.Action == "FailIndex" && spec.BackoffLimitPerIndex is null)
            {
                errors.Invalid(at + ".action", rule.Action, "requires the backoffLimitPerIndex to be set");
            }

            if (rule.OnExitCodes is null == (rule.OnPodConditions.Count == 0))
            {
                errors.Invalid(at, rule, "specifying one of OnExitCodes and OnPodConditions is required");
            }

            if (rule.OnExitCodes is { } codes)
            {
                errors.OneOf(at + ".onExitCodes.operator", codes.Operator, "In", "NotIn");
                if (codes.Operator == "In" && codes.Values.Contains(0))
                {
                    errors.Invalid(at + ".onExitCodes.values", 0, "must not be 0 for the In operator");
                }
            }
        }
    }
}
