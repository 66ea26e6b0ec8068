using Coxswain.Api.Autoscaling.V2;
using Coxswain.Api.Coordination.V1;
using Coxswain.Api.Policy.V1;
using Coxswain.Api.Rbac.V1;
using Coxswain.Api.Scheduling.V1;
using Coxswain.Api.Storage.V1;
using Coxswain.ApiServer.Documents;

namespace Coxswain.ApiServer.Cells;

/// <summary>The columns of kinds outside the core group that are not workloads or networks.</summary>
internal static class ClusterCells
{
    public static object? Cell(StorageClass storage, string column) => column switch
    {
        "Provisioner" => storage.Provisioner,
        "ReclaimPolicy" => storage.ReclaimPolicy ?? "Delete",
        "VolumeBindingMode" => storage.VolumeBindingMode ?? "Immediate",
        "AllowVolumeExpansion" => storage.AllowVolumeExpansion == true ? "true" : "false",
        _ => null,
    };

    /// <summary>The default class says so behind its name.</summary>
    public static string Name(StorageClass storage) =>
        storage.Metadata.Annotations.GetValueOrDefault("storageclass.kubernetes.io/is-default-class") == "true"
            ? storage.Metadata.Name + " (default)" : storage.Metadata.Name;

    public static object? Cell(Lease lease, string column) => column == "Holder" ? lease.Spec.HolderIdentity ?? "" : null;

    public static object? Cell(PriorityClass priority, string column) => column switch
    {
        "Value" => (long)priority.Value,
        "Global-Default" => priority.GlobalDefault,
        "PreemptionPolicy" => priority.PreemptionPolicy ?? "PreemptLowerPriority",
        _ => null,
    };

    public static object? Cell(ClusterRoleBinding binding, string column) => Binding(binding.RoleRef, binding.Subjects, column);

    public static object? Cell(RoleBinding binding, string column) => Binding(binding.RoleRef, binding.Subjects, column);

    public static object? Cell(PodDisruptionBudget budget, string column) => column switch
    {
        "Min Available" => budget.Spec.MinAvailable?.ToString() ?? "N/A",
        "Max Unavailable" => budget.Spec.MaxUnavailable?.ToString() ?? "N/A",
        "Allowed Disruptions" => (long)budget.Status.DisruptionsAllowed,
        _ => null,
    };

    public static object? Cell(HorizontalPodAutoscaler scaler, string column) => column switch
    {
        "Reference" => $"{scaler.Spec.ScaleTargetRef.Kind}/{scaler.Spec.ScaleTargetRef.Name}",
        "Targets" => Targets(scaler),
        "MinPods" => scaler.Spec.MinReplicas is { } least ? least.ToString(System.Globalization.CultureInfo.InvariantCulture) : "<unset>",
        "MaxPods" => (long)scaler.Spec.MaxReplicas,
        "Replicas" => (long)scaler.Status.CurrentReplicas,
        _ => null,
    };

    private static object? Binding(RoleRef role, IReadOnlyList<Subject> subjects, string column)
    {
        string Names(string kind) => string.Join(", ", subjects.Where(subject => subject.Kind == kind)
            .Select(subject => kind == "ServiceAccount" ? $"{subject.Namespace}/{subject.Name}" : subject.Name));
        return column switch
        {
            "Role" => $"{role.Kind}/{role.Name}",
            "Users" => Names("User"),
            "Groups" => Names("Group"),
            "ServiceAccounts" => Names("ServiceAccount"),
            _ => null,
        };
    }

    private static string Targets(HorizontalPodAutoscaler scaler)
    {
        List<string> targets = [];
        for (var i = 0; i < scaler.Spec.Metrics.Count; i++)
        {
            var target = scaler.Spec.Metrics[i].Resource?.Target;
            var current = i < scaler.Status.CurrentMetrics.Count ? scaler.Status.CurrentMetrics[i].Resource?.Current : null;
            var name = scaler.Spec.Metrics[i].Resource?.Name ?? scaler.Spec.Metrics[i].Type;
            targets.Add(target?.AverageUtilization is { } wanted
                ? $"{name}: {(current?.AverageUtilization is { } now ? $"{now}%" : "<unknown>")}/{wanted}%"
                : $"{name}: {current?.AverageValue?.ToString() ?? "<unknown>"}/{target?.AverageValue?.ToString() ?? "<auto>"}");
        }

        return CellText.Few(targets, 2);
    }
}
