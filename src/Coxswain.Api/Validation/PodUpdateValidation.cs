using Coxswain.Api.Core.V1;
using Coxswain.Api.Errors;

namespace Coxswain.Api.Validation;

/// <summary>What may change in a Pod once it is there.</summary>
internal static class PodUpdateValidation
{
    private const string Allowed =
        "pod updates may not change fields other than `spec.containers[*].image`,`spec.initContainers[*].image`,`spec.activeDeadlineSeconds`,"
        + "`spec.tolerations` (only additions to existing tolerations),`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)";

    public static void Check(FieldErrors errors, Pod value, Pod old)
    {
        var (now, before) = (value.Spec, old.Spec);
        if (ReferenceEquals(now, before) || now.Equals(before))
        {
            return;
        }

        CheckContainers(errors, now.Containers, before.Containers, "spec.containers");
        CheckContainers(errors, now.InitContainers, before.InitContainers, "spec.initContainers");
        CheckDeadline(errors, now.ActiveDeadlineSeconds, before.ActiveDeadlineSeconds);
        CheckTolerations(errors, now, before);
        if (now.SchedulingGates.Select(gate => gate.Name).Except(before.SchedulingGates.Select(gate => gate.Name), StringComparer.Ordinal).Any())
        {
            errors.Forbidden("spec.schedulingGates", "only deletion is allowed, but found new scheduling gates");
        }

        // With what may change taken from the old one, nothing may be left that differs. Ephemeral containers are
        // added by their subresource only.
        var rest = now with
        {
            Containers = Images(now.Containers, before.Containers),
            InitContainers = Images(now.InitContainers, before.InitContainers),
            ActiveDeadlineSeconds = before.ActiveDeadlineSeconds,
            Tolerations = before.Tolerations,
            SchedulingGates = before.SchedulingGates,
            TerminationGracePeriodSeconds = before.TerminationGracePeriodSeconds < 0 && now.TerminationGracePeriodSeconds == 1
                ? before.TerminationGracePeriodSeconds : now.TerminationGracePeriodSeconds,
        };
        if (before.SchedulingGates.Count > 0)
        {
            // A gated Pod has not been looked at by the scheduler: where it may run can still be narrowed.
            rest = rest with { NodeSelector = before.NodeSelector, Affinity = before.Affinity };
        }

        if (!rest.Equals(before))
        {
            errors.Forbidden("spec", Allowed + "\n");
        }
    }

    private static void CheckContainers(FieldErrors errors, IReadOnlyList<Container> now, IReadOnlyList<Container> before, string path)
    {
        if (now.Count != before.Count)
        {
            errors.Forbidden(path, "pod updates may not add or remove containers");
        }
    }

    private static void CheckDeadline(FieldErrors errors, long? now, long? before)
    {
        if (before is { } old && (now is not { } seconds || seconds > old))
        {
            errors.Invalid("spec.activeDeadlineSeconds", now, now is null ? "must not update from a positive integer to nil value" : "must be less than or equal to previous value");
        }
    }

    private static void CheckTolerations(FieldErrors errors, PodSpec now, PodSpec before)
    {
        foreach (var toleration in before.Tolerations)
        {
            // Only how long a taint is tolerated may change.
            if (!now.Tolerations.Any(other => (other with { TolerationSeconds = null }).Equals(toleration with { TolerationSeconds = null })))
            {
                errors.Forbidden("spec.tolerations", "existing toleration can not be modified except its tolerationSeconds");
            }
        }
    }

    private static IReadOnlyList<Container> Images(IReadOnlyList<Container> now, IReadOnlyList<Container> before) =>
        now.Count != before.Count ? before : [.. now.Zip(before, (container, old) => container with { Image = old.Image })];
}
