using Coxswain.Api.Batch.V1;
using Coxswain.Api.Errors;
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
        else if (!spec.Schedule.StartsWith('@') && spec.Schedule.Split(' ', StringSplitOptions.RemoveEmptyEntries).Length is not 5 and var fields)
        {
            errors.Invalid("spec.schedule", spec.Schedule, $"expected exactly 5 fields, found {fields}: [{spec.Schedule}]");
        }

        errors.OneOf("spec.concurrencyPolicy", spec.ConcurrencyPolicy, "Allow", "Forbid", "Replace");
        errors.NonNegative("spec.startingDeadlineSeconds", spec.StartingDeadlineSeconds ?? 0);
        errors.NonNegative("spec.successfulJobsHistoryLimit", spec.SuccessfulJobsHistoryLimit ?? 0);
        errors.NonNegative("spec.failedJobsHistoryLimit", spec.FailedJobsHistoryLimit ?? 0);
        Spec(errors, spec.JobTemplate.Spec, "spec.jobTemplate.spec");
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

        PodValidation.Template(errors, spec.Template, path + ".template");
        if (spec.Template.Spec.RestartPolicy == "Always")
        {
            errors.Add(FieldError.NotSupported(path + ".template.spec.restartPolicy", "Always", ["OnFailure", "Never"]));
        }
    }
}
