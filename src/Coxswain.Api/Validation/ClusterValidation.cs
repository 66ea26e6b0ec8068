using Coxswain.Api.Coordination.V1;
using Coxswain.Api.Core.V1;
using Coxswain.Api.Errors;
using Coxswain.Api.Scalars;

namespace Coxswain.Api.Validation;

/// <summary>The rules for Namespaces, Nodes, Leases and the kinds that limit and rank.</summary>
internal static class ClusterValidation
{
    public static void Check(FieldErrors errors, Namespace value)
    {
        for (var i = 0; i < value.Spec.Finalizers.Count; i++)
        {
            var finalizer = value.Spec.Finalizers[i];
            errors.Invalid($"spec.finalizers[{i}]", finalizer, Names.QualifiedNameErrors(finalizer));
            if (finalizer != "kubernetes" && !finalizer.Contains('/', StringComparison.Ordinal))
            {
                errors.Invalid($"spec.finalizers[{i}]", finalizer, "name is neither a standard finalizer name nor is it fully qualified");
            }
        }
    }

    public static void Check(FieldErrors errors, Core.V1.Node value)
    {
        var seen = new HashSet<(string, string)>();
        for (var i = 0; i < value.Spec.Taints.Count; i++)
        {
            var taint = value.Spec.Taints[i];
            var at = $"spec.taints[{i}]";
            errors.Invalid(at + ".key", taint.Key, Names.QualifiedNameErrors(taint.Key));
            errors.Invalid(at + ".value", taint.Value, Names.LabelValueErrors(taint.Value));
            if (taint.Effect.Length == 0)
            {
                errors.Required(at + ".effect");
            }
            else
            {
                errors.OneOf(at + ".effect", taint.Effect, "NoSchedule", "PreferNoSchedule", "NoExecute");
            }

            if (!seen.Add((taint.Key, taint.Effect)))
            {
                errors.Add(FieldError.Duplicate(at, taint) with { Detail = "taints must be unique by key and effect pair" });
            }
        }

        for (var i = 0; i < value.Spec.PodCIDRs.Count; i++)
        {
            if (!System.Net.IPNetwork.TryParse(value.Spec.PodCIDRs[i], out _))
            {
                errors.Invalid($"spec.podCIDRs[{i}]", value.Spec.PodCIDRs[i], "must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)");
            }
        }
    }

    public static void CheckUpdate(FieldErrors errors, Core.V1.Node value, Core.V1.Node old)
    {
        if (old.Spec.PodCIDRs.Count > 0 && !old.Spec.PodCIDRs.SequenceEqual(value.Spec.PodCIDRs))
        {
            errors.Forbidden("spec.podCIDRs", "node updates may not change podCIDR except from \"\" to valid");
        }

        if (old.Spec.ProviderID.Length > 0 && old.Spec.ProviderID != value.Spec.ProviderID)
        {
            errors.Forbidden("spec.providerID", "node updates may not change providerID except from \"\" to valid");
        }
    }

    public static void Check(FieldErrors errors, Lease value)
    {
        if (value.Spec.LeaseDurationSeconds is <= 0 and var duration)
        {
            errors.Invalid("spec.leaseDurationSeconds", duration, "must be greater than 0");
        }

        errors.NonNegative("spec.leaseTransitions", value.Spec.LeaseTransitions ?? 0);
    }

    public static void Check(FieldErrors errors, ResourceQuota value)
    {
        foreach (var (name, amount) in value.Spec.Hard)
        {
            errors.Invalid($"spec.hard[{name}]", name, Names.QualifiedNameErrors(name));
            ResourceValidation.NonNegative(errors, amount, $"spec.hard[{name}]");
        }
    }

    public static void Check(FieldErrors errors, Scheduling.V1.PriorityClass value)
    {
        const int highest = 1_000_000_000;
        if (value.Metadata.Name.StartsWith("system-", StringComparison.Ordinal))
        {
            if (value.Metadata.Name is not ("system-node-critical" or "system-cluster-critical"))
            {
                errors.Forbidden("metadata.name", "priority class names with 'system-' prefix are reserved for system use only. error: not a known system priority class");
            }
        }
        else if (value.Value > highest)
        {
            errors.Forbidden("value", $"maximum allowed value of a user defined priority is {highest}");
        }

        if (value.PreemptionPolicy is { } policy)
        {
            errors.OneOf("preemptionPolicy", policy, "Never", "PreemptLowerPriority");
        }
    }

    public static void Check(FieldErrors errors, Autoscaling.V2.HorizontalPodAutoscaler value)
    {
        var spec = value.Spec;
        if (spec.MinReplicas is < 1 and var least)
        {
            errors.Invalid("spec.minReplicas", least, "must be greater than or equal to 1");
        }

        if (spec.MaxReplicas < 1)
        {
            errors.Invalid("spec.maxReplicas", spec.MaxReplicas, "must be greater than 0");
        }
        else if (spec.MinReplicas > spec.MaxReplicas)
        {
            errors.Invalid("spec.maxReplicas", spec.MaxReplicas, "must be greater than or equal to `minReplicas`");
        }

        if (spec.ScaleTargetRef.Kind.Length == 0)
        {
            errors.Required("spec.scaleTargetRef.kind");
        }

        if (spec.ScaleTargetRef.Name.Length == 0)
        {
            errors.Required("spec.scaleTargetRef.name");
        }
    }

    public static void Check(FieldErrors errors, Policy.V1.PodDisruptionBudget value)
    {
        var spec = value.Spec;
        if (spec.MinAvailable is not null && spec.MaxUnavailable is not null)
        {
            errors.Invalid("spec", spec, "minAvailable and maxUnavailable cannot be both set");
        }

        if (spec.MinAvailable is { } available)
        {
            WorkloadValidation.Portion(errors, available, "spec.minAvailable", mostAll: true);
        }

        if (spec.MaxUnavailable is { } unavailable)
        {
            WorkloadValidation.Portion(errors, unavailable, "spec.maxUnavailable", mostAll: true);
        }

        SelectorValidation.Check(errors, spec.Selector, "spec.selector");
    }
}
