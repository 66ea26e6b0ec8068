using Coxswain.Api.Apps.V1;
using Coxswain.Api.Core.V1;
using Coxswain.Api.Errors;
using Coxswain.Api.Scalars;
using Coxswain.Api.Selectors;

namespace Coxswain.Api.Validation;

/// <summary>The rules for the kinds that keep Pods running.</summary>
internal static class WorkloadValidation
{
    public static void Check(FieldErrors errors, Deployment value)
    {
        var spec = value.Spec;
        Scale(errors, spec.Replicas, spec.MinReadySeconds, spec.RevisionHistoryLimit);
        SelectorValidation.Owning(errors, spec.Selector, spec.Template.Metadata.Labels, "deployment");
        LongRunning(errors, spec.Template, "Deployment");
        errors.OneOf("spec.strategy.type", spec.Strategy.Type, "Recreate", "RollingUpdate");
        if (spec.Strategy is { Type: "Recreate", RollingUpdate: not null })
        {
            errors.Forbidden("spec.strategy.rollingUpdate", "may not be specified when strategy `type` is 'Recreate'");
        }
        else if (spec.Strategy is { Type: "RollingUpdate", RollingUpdate: { } rolling })
        {
            Rolling(errors, rolling.MaxUnavailable, rolling.MaxSurge, "spec.strategy.rollingUpdate");
        }

        if (spec.ProgressDeadlineSeconds is { } deadline)
        {
            errors.NonNegative("spec.progressDeadlineSeconds", deadline);
            if (deadline <= spec.MinReadySeconds)
            {
                errors.Invalid("spec.progressDeadlineSeconds", deadline, "must be greater than minReadySeconds");
            }
        }
    }

    public static void Check(FieldErrors errors, ReplicaSet value)
    {
        Scale(errors, value.Spec.Replicas, value.Spec.MinReadySeconds, null);
        SelectorValidation.Owning(errors, value.Spec.Selector, value.Spec.Template.Metadata.Labels, "replicaset");
        LongRunning(errors, value.Spec.Template, "ReplicaSet");
    }

    public static void Check(FieldErrors errors, StatefulSet value)
    {
        var spec = value.Spec;
        Scale(errors, spec.Replicas, spec.MinReadySeconds, spec.RevisionHistoryLimit);
        SelectorValidation.Owning(errors, spec.Selector, spec.Template.Metadata.Labels, "statefulset");
        LongRunning(errors, spec.Template, "StatefulSet", spec.VolumeClaimTemplates);
        errors.OneOf("spec.podManagementPolicy", spec.PodManagementPolicy, "OrderedReady", "Parallel");
        errors.OneOf("spec.updateStrategy", spec.UpdateStrategy.Type, "RollingUpdate", "OnDelete");
    }

    public static void Check(FieldErrors errors, DaemonSet value)
    {
        var spec = value.Spec;
        Scale(errors, null, spec.MinReadySeconds, spec.RevisionHistoryLimit);
        SelectorValidation.Owning(errors, spec.Selector, spec.Template.Metadata.Labels, "daemonset");
        LongRunning(errors, spec.Template, "DaemonSet");
        errors.OneOf("spec.updateStrategy.type", spec.UpdateStrategy.Type, "RollingUpdate", "OnDelete");
        if (spec.UpdateStrategy is { Type: "RollingUpdate", RollingUpdate: { } rolling })
        {
            Rolling(errors, rolling.MaxUnavailable, rolling.MaxSurge, "spec.updateStrategy.rollingUpdate");
        }
    }

    public static void Check(FieldErrors errors, ReplicationController value)
    {
        var spec = value.Spec;
        Scale(errors, spec.Replicas, spec.MinReadySeconds, null);
        if (spec.Selector.Count == 0)
        {
            errors.Required("spec.selector");
        }

        if (spec.Template is not { } template)
        {
            errors.Required("spec.template");
            return;
        }

        if (!LabelSelector.From(spec.Selector).Matches(template.Metadata.Labels))
        {
            errors.Invalid("spec.template.metadata.labels", SelectorValidation.Text(template.Metadata.Labels), "`selector` does not match template `labels`");
        }

        LongRunning(errors, template, "ReplicationController");
    }

    public static void CheckUpdate(FieldErrors errors, StatefulSet value, StatefulSet old)
    {
        var (now, before) = (value.Spec, old.Spec);
        var rest = now with
        {
            Replicas = before.Replicas,
            Ordinals = before.Ordinals,
            Template = before.Template,
            UpdateStrategy = before.UpdateStrategy,
            RevisionHistoryLimit = before.RevisionHistoryLimit,
            PersistentVolumeClaimRetentionPolicy = before.PersistentVolumeClaimRetentionPolicy,
            MinReadySeconds = before.MinReadySeconds,
        };
        if (!rest.Equals(before))
        {
            errors.Forbidden("spec", "updates to statefulset spec for fields other than 'replicas', 'ordinals', 'template', 'updateStrategy', "
                + "'revisionHistoryLimit', 'persistentVolumeClaimRetentionPolicy' and 'minReadySeconds' are forbidden");
        }
    }

    private static void Scale(FieldErrors errors, int? replicas, int minReadySeconds, int? historyLimit)
    {
        errors.NonNegative("spec.replicas", replicas ?? 0);
        errors.NonNegative("spec.minReadySeconds", minReadySeconds);
        errors.NonNegative("spec.revisionHistoryLimit", historyLimit ?? 0);
    }

    private static void LongRunning(FieldErrors errors, PodTemplateSpec template, string kind, IReadOnlyList<PersistentVolumeClaim>? claims = null)
    {
        if (claims is { Count: > 0 })
        {
            // A claim stands in for a volume of its name.
            var extra = claims.Where(claim => !template.Spec.Volumes.Any(volume => volume.Name == claim.Metadata.Name))
                .Select(claim => new Volume { Name = claim.Metadata.Name, EmptyDir = new() });
            template = template with { Spec = template.Spec with { Volumes = [.. template.Spec.Volumes, .. extra] } };
        }

        PodValidation.Template(errors, template, "spec.template");
        if (template.Spec.RestartPolicy is not ("Always" or "") and var policy)
        {
            errors.OneOf("spec.template.spec.restartPolicy", policy, "Always");
        }

        if (template.Spec.ActiveDeadlineSeconds is not null)
        {
            errors.Forbidden("spec.template.spec.activeDeadlineSeconds", $"activeDeadlineSeconds in {kind} is not Supported");
        }
    }

    private static void Rolling(FieldErrors errors, IntOrString? maxUnavailable, IntOrString? maxSurge, string path)
    {
        var unavailable = maxUnavailable ?? 0;
        var surge = maxSurge ?? 0;
        Portion(errors, unavailable, path + ".maxUnavailable", mostAll: true);
        Portion(errors, surge, path + ".maxSurge", mostAll: false);
        if (IsNone(unavailable) && IsNone(surge))
        {
            errors.Invalid(path + ".maxUnavailable", unavailable, "may not be 0 when `maxSurge` is 0");
        }
    }

    /// <summary>A count or a percentage.</summary>
    internal static void Portion(FieldErrors errors, IntOrString value, string path, bool mostAll)
    {
        if (!value.IsString)
        {
            errors.NonNegative(path, value.IntValue);
        }
        else if (!value.StringValue.EndsWith('%') || !int.TryParse(value.StringValue.AsSpan(0, value.StringValue.Length - 1), System.Globalization.NumberStyles.None, null, out var percent))
        {
            errors.Invalid(path, value,
                "a valid percent string must be a numeric string followed by an ending '%' (e.g. '1%',  or '93%', regex used for validation is '[0-9]+%')");
        }
        else if (mostAll && percent > 100)
        {
            errors.Invalid(path, value, "must not be greater than 100%");
        }
    }

    private static bool IsNone(IntOrString value) => value.IsString ? value.StringValue is "0%" : value.IntValue == 0;
}
