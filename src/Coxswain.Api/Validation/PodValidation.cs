using System.Text.RegularExpressions;
using Coxswain.Api.Core.V1;
using Coxswain.Api.Errors;
using Coxswain.Api.Scalars;

namespace Coxswain.Api.Validation;

/// <summary>The rules for Pods and pod templates, containers and volumes apart.</summary>
internal static partial class PodValidation
{
    /// <summary>As the API server keeps names of kernel settings: at most so long, and only of these parts.</summary>
    private const int MaxSysctl = 253;
    private const string SysctlForm = @"([a-z0-9]([-_a-z0-9]*[a-z0-9])?[\./])*[a-z0-9]([-_a-z0-9]*[a-z0-9])?";

    /// <summary>What is longer cannot be waited for: the kubelet's clock overflows as ours would.</summary>
    public const long MaxGraceSeconds = int.MaxValue;

    public static void Check(FieldErrors errors, Pod pod) => Spec(errors, pod.Spec, "spec");

    public static void Create(FieldErrors errors, Pod pod)
    {
        if (pod.Spec.EphemeralContainers.Count > 0)
        {
            errors.Forbidden("spec.ephemeralContainers", "cannot be set on create");
        }
    }

    public static void Template(FieldErrors errors, PodTemplateSpec template, string path)
    {
        MetadataValidation.Labels(errors, path + ".metadata.labels", template.Metadata.Labels);
        MetadataValidation.Annotations(errors, path + ".metadata.annotations", template.Metadata.Annotations);
        Spec(errors, template.Spec, path + ".spec");
        if (template.Spec.EphemeralContainers.Count > 0)
        {
            errors.Forbidden(path + ".spec.ephemeralContainers", "ephemeral containers not allowed in pod template");
        }
    }

    public static void Spec(FieldErrors errors, PodSpec spec, string path)
    {
        var volumes = VolumeValidation.Volumes(errors, spec.Volumes, path + ".volumes");
        Containers(errors, spec, volumes, path);
        CheckRestart(errors, spec, path);
        MetadataValidation.Labels(errors, path + ".nodeSelector", spec.NodeSelector);
        CheckNames(errors, spec, path);
        CheckSecurity(errors, spec, path);
        for (var i = 0; i < spec.Tolerations.Count; i++)
        {
            Toleration(errors, spec.Tolerations[i], $"{path}.tolerations[{i}]");
        }

        for (var i = 0; i < spec.TopologySpreadConstraints.Count; i++)
        {
            Spread(errors, spec.TopologySpreadConstraints[i], $"{path}.topologySpreadConstraints[{i}]");
        }

        if (spec.Affinity is { } affinity)
        {
            AffinityValidation.Check(errors, affinity, path + ".affinity");
        }

        for (var i = 0; i < spec.HostAliases.Count; i++)
        {
            if (!System.Net.IPAddress.TryParse(spec.HostAliases[i].Ip, out _))
            {
                errors.Invalid($"{path}.hostAliases[{i}].ip", spec.HostAliases[i].Ip, "must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)");
            }
        }
    }

    private static void Containers(FieldErrors errors, PodSpec spec, IReadOnlySet<string> volumes, string path)
    {
        if (spec.Containers.Count == 0)
        {
            errors.Required(path + ".containers");
        }

        var names = new HashSet<string>(StringComparer.Ordinal);
        var hostPorts = new HashSet<(string Protocol, string Ip, int Port)>();
        var context = new ContainerContext(volumes, spec.HostNetwork, names, hostPorts);
        for (var i = 0; i < spec.InitContainers.Count; i++)
        {
            // Init containers run one after another: their host ports cannot meet. Sidecars' could; the node says so then.
            ContainerValidation.Check(errors, spec.InitContainers[i], $"{path}.initContainers[{i}]", context with { HostPorts = [] }, isInit: true);
        }

        for (var i = 0; i < spec.Containers.Count; i++)
        {
            ContainerValidation.Check(errors, spec.Containers[i], $"{path}.containers[{i}]", context, isInit: false);
        }
    }

    private static void CheckRestart(FieldErrors errors, PodSpec spec, string path)
    {
        if (spec.RestartPolicy.Length == 0)
        {
            errors.Required(path + ".restartPolicy");
        }
        else
        {
            errors.OneOf(path + ".restartPolicy", spec.RestartPolicy, "Always", "OnFailure", "Never");
        }

        if (spec.DnsPolicy.Length > 0)
        {
            errors.OneOf(path + ".dnsPolicy", spec.DnsPolicy, "ClusterFirstWithHostNet", "ClusterFirst", "Default", "None");
            if (spec.DnsPolicy == "None" && spec.DnsConfig is not { Nameservers.Count: > 0 })
            {
                errors.Required(path + ".dnsConfig.nameservers", "must provide at least one DNS nameserver when `dnsPolicy` is None");
            }
        }

        if (spec.ActiveDeadlineSeconds is { } deadline && deadline is < 1 or > int.MaxValue)
        {
            errors.Invalid(path + ".activeDeadlineSeconds", deadline, "must be between 1 and 2147483647, inclusive");
        }

        if (spec.TerminationGracePeriodSeconds is { } grace)
        {
            errors.NonNegative(path + ".terminationGracePeriodSeconds", grace);
            if (grace > MaxGraceSeconds)
            {
                errors.Invalid(path + ".terminationGracePeriodSeconds", grace, $"must be less than or equal to {MaxGraceSeconds}");
            }
        }
    }

    private static void CheckNames(FieldErrors errors, PodSpec spec, string path)
    {
        Optional(path + ".serviceAccountName", spec.ServiceAccountName, Names.SubdomainErrors);
        Optional(path + ".nodeName", spec.NodeName, Names.SubdomainErrors);
        Optional(path + ".hostname", spec.Hostname, Names.LabelErrors);
        Optional(path + ".subdomain", spec.Subdomain, Names.LabelErrors);
        Optional(path + ".priorityClassName", spec.PriorityClassName, Names.SubdomainErrors);
        Optional(path + ".runtimeClassName", spec.RuntimeClassName ?? "", Names.SubdomainErrors);

        void Optional(string field, string value, Func<string, IReadOnlyList<string>> check)
        {
            if (value.Length > 0)
            {
                errors.Invalid(field, value, check(value));
            }
        }
    }

    private static void CheckSecurity(FieldErrors errors, PodSpec spec, string path)
    {
        if (spec.SecurityContext is { } security)
        {
            ContainerValidation.UserId(errors, path + ".securityContext.runAsUser", security.RunAsUser);
            ContainerValidation.UserId(errors, path + ".securityContext.runAsGroup", security.RunAsGroup);
            ContainerValidation.UserId(errors, path + ".securityContext.fsGroup", security.FsGroup);
            if (security.FsGroupChangePolicy is { } policy)
            {
                errors.OneOf(path + ".securityContext.fsGroupChangePolicy", policy, "OnRootMismatch", "Always");
            }

            if (security.SupplementalGroupsPolicy is { } groups)
            {
                errors.OneOf(path + ".securityContext.supplementalGroupsPolicy", groups, "Merge", "Strict");
            }

            CheckSysctls(errors, security.Sysctls, path + ".securityContext.sysctls");
        }

        if (spec.HostPID && spec.ShareProcessNamespace == true)
        {
            errors.Invalid(path + ".shareProcessNamespace", true, "ShareProcessNamespace and HostPID cannot both be enabled");
        }
    }

    private static void CheckSysctls(FieldErrors errors, IReadOnlyList<Sysctl> sysctls, string path)
    {
        var names = new HashSet<string>(StringComparer.Ordinal);
        for (var i = 0; i < sysctls.Count; i++)
        {
            var (name, at) = (sysctls[i].Name, $"{path}[{i}].name");
            if (name.Length == 0)
            {
                errors.Required(at);
            }
            else if (name.Length > MaxSysctl || !Sysctl().IsMatch(name))
            {
                errors.Invalid(at, name, $"must have at most {MaxSysctl} characters and match regex ^{SysctlForm}$");
            }
            else if (!names.Add(name))
            {
                errors.Duplicate(at, name);
            }
        }
    }

    [GeneratedRegex("^(?:" + SysctlForm + @")\z", RegexOptions.NonBacktracking)]
    private static partial Regex Sysctl();

    public static void Toleration(FieldErrors errors, Toleration toleration, string path)
    {
        if (toleration.Key.Length > 0)
        {
            errors.Invalid(path + ".key", toleration.Key, Names.QualifiedNameErrors(toleration.Key));
        }
        else if (toleration.Operator != "Exists")
        {
            errors.Invalid(path + ".operator", toleration.Operator, "operator must be Exists when `key` is empty, which means \"match all values and all keys\"");
        }

        if (toleration.TolerationSeconds is not null && toleration.Effect != "NoExecute")
        {
            errors.Invalid(path + ".effect", toleration.Effect, "effect must be 'NoExecute' when `tolerationSeconds` is set");
        }

        switch (toleration.Operator)
        {
            case "" or "Equal":
                errors.Invalid(path + ".operator", toleration.Value, Names.LabelValueErrors(toleration.Value));
                break;
            case "Exists":
                if (toleration.Value.Length > 0)
                {
                    errors.Invalid(path + ".operator", toleration.Value, "value must be empty when `operator` is 'Exists'");
                }

                break;
            default:
                errors.OneOf(path + ".operator", toleration.Operator, "Equal", "Exists");
                break;
        }

        if (toleration.Effect.Length > 0)
        {
            errors.OneOf(path + ".effect", toleration.Effect, "NoSchedule", "PreferNoSchedule", "NoExecute");
        }
    }

    private static void Spread(FieldErrors errors, TopologySpreadConstraint constraint, string path)
    {
        if (constraint.MaxSkew <= 0)
        {
            errors.Invalid(path + ".maxSkew", constraint.MaxSkew, "must be greater than zero");
        }

        if (constraint.TopologyKey.Length == 0)
        {
            errors.Required(path + ".topologyKey", "can not be empty");
        }

        errors.OneOf(path + ".whenUnsatisfiable", constraint.WhenUnsatisfiable, "DoNotSchedule", "ScheduleAnyway");
        SelectorValidation.Check(errors, constraint.LabelSelector, path + ".labelSelector");
    }
}
