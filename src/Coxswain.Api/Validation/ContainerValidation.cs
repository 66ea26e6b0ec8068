using Coxswain.Api.Core.V1;
using Coxswain.Api.Errors;
using Coxswain.Api.Scalars;

namespace Coxswain.Api.Validation;

/// <summary>What a container is checked against in its Pod.</summary>
/// <param name="ContainerNames">The names met so far; a name is added as its container is checked.</param>
/// <param name="HostPorts">The host ports taken so far.</param>
internal sealed record ContainerContext(
    IReadOnlySet<string> Volumes, bool HostNetwork, HashSet<string> ContainerNames, HashSet<(string Protocol, string Ip, int Port)> HostPorts);

/// <summary>The rules for one container.</summary>
internal static class ContainerValidation
{
    private const int MaxRestartRules = 20;
    private const int MaxExitCodes = 255;
    private const string PortRange = "must be between 1 and 65535, inclusive";

    public static void Check(FieldErrors errors, Container container, string path, ContainerContext context, bool isInit)
    {
        if (container.Name.Length == 0)
        {
            errors.Required(path + ".name");
        }
        else
        {
            errors.Invalid(path + ".name", container.Name, Names.LabelErrors(container.Name));
            if (!context.ContainerNames.Add(container.Name))
            {
                errors.Duplicate(path + ".name", container.Name);
            }
        }

        if (container.Image.Length == 0)
        {
            errors.Required(path + ".image");
        }
        else if (container.Image.AsSpan().Trim().Length != container.Image.Length)
        {
            errors.Invalid(path + ".image", container.Image, "must not have leading or trailing whitespace");
        }

        errors.OneOf(path + ".imagePullPolicy", container.ImagePullPolicy, "Always", "IfNotPresent", "Never");
        if (container.TerminationMessagePolicy.Length > 0)
        {
            errors.OneOf(path + ".terminationMessagePolicy", container.TerminationMessagePolicy, "File", "FallbackToLogsOnError");
        }

        Ports(errors, container.Ports, path + ".ports", context);
        EnvValidation.Check(errors, container, path);
        VolumeValidation.Mounts(errors, container, path + ".volumeMounts", context.Volumes);
        ResourceValidation.Check(errors, container.Resources, path + ".resources");
        ProbeValidation.Check(errors, container, path, isInit);
        RestartRules(errors, container, path);
        Security(errors, container.SecurityContext, path + ".securityContext");
    }

    /// <summary>Whether a container runs again may depend on how it ended.</summary>
    private static void RestartRules(FieldErrors errors, Container container, string path)
    {
        if (container.RestartPolicy is { } policy)
        {
            errors.OneOf(path + ".restartPolicy", policy, "Always", "OnFailure", "Never");
        }

        var rules = container.RestartPolicyRules;
        if (rules.Count > 0 && container.RestartPolicy is null)
        {
            errors.Required(path + ".restartPolicy", "must specify restartPolicy when restartPolicyRules are used");
        }

        if (rules.Count > MaxRestartRules)
        {
            errors.Add(FieldError.TooMany(path + ".restartPolicyRules", rules.Count, MaxRestartRules));
            return;
        }

        for (var i = 0; i < rules.Count; i++)
        {
            var at = $"{path}.restartPolicyRules[{i}]";
            errors.OneOf(at + ".action", rules[i].Action, ContainerRestartRuleAction.Restart);
            if (rules[i].ExitCodes is not { } codes)
            {
                errors.Required(at + ".exitCodes", "must be specified");
                continue;
            }

            errors.OneOf(at + ".exitCodes.operator", codes.Operator, "In", "NotIn");
            if (codes.Values.Count > MaxExitCodes)
            {
                errors.Add(FieldError.TooMany(at + ".exitCodes.values", codes.Values.Count, MaxExitCodes));
            }
        }
    }

    public static void UserId(FieldErrors errors, string field, long? id)
    {
        if (id is < 0 or > int.MaxValue)
        {
            errors.Invalid(field, id, "must be between 0 and 2147483647, inclusive");
        }
    }

    private static void Ports(FieldErrors errors, IReadOnlyList<ContainerPort> ports, string path, ContainerContext context)
    {
        HashSet<string>? names = null;
        for (var i = 0; i < ports.Count; i++)
        {
            var port = ports[i];
            var at = $"{path}[{i}]";
            if (port.Name.Length > 0)
            {
                errors.Invalid(at + ".name", port.Name, Names.PortNameErrors(port.Name));
                if (!(names ??= new(StringComparer.Ordinal)).Add(port.Name))
                {
                    errors.Duplicate(at + ".name", port.Name);
                }
            }

            if (port.ContainerPortValue == 0)
            {
                errors.Required(at + ".containerPort");
            }
            else if (port.ContainerPortValue is < 1 or > 65535)
            {
                errors.Invalid(at + ".containerPort", port.ContainerPortValue, PortRange);
            }

            errors.OneOf(at + ".protocol", port.Protocol, "TCP", "UDP", "SCTP");
            if (port.HostPort == 0)
            {
                continue;
            }

            if (port.HostPort is < 1 or > 65535)
            {
                errors.Invalid(at + ".hostPort", port.HostPort, PortRange);
            }
            else if (context.HostNetwork && port.HostPort != port.ContainerPortValue)
            {
                errors.Invalid(at + ".containerPort", port.ContainerPortValue, "must match `hostPort` when `hostNetwork` is true");
            }
            else if (!context.HostPorts.Add((port.Protocol, port.HostIP, port.HostPort)))
            {
                errors.Duplicate(at + ".hostPort", $"{port.Protocol}/{port.HostIP}/{port.HostPort}");
            }
        }
    }

    private static void Security(FieldErrors errors, SecurityContext? security, string path)
    {
        if (security is null)
        {
            return;
        }

        UserId(errors, path + ".runAsUser", security.RunAsUser);
        UserId(errors, path + ".runAsGroup", security.RunAsGroup);
        if (security.AllowPrivilegeEscalation == false)
        {
            if (security.Privileged == true)
            {
                errors.Invalid(path, security, "cannot set `allowPrivilegeEscalation` to false and `privileged` to true");
            }

            if (security.Capabilities?.Add.Any(capability => capability is "CAP_SYS_ADMIN" or "SYS_ADMIN") == true)
            {
                errors.Invalid(path, security, "cannot set `allowPrivilegeEscalation` to false and `capabilities.Add` CAP_SYS_ADMIN");
            }
        }

        if (security.ProcMount is { } mount)
        {
            errors.OneOf(path + ".procMount", mount, "Default", "Unmasked");
        }
    }
}
