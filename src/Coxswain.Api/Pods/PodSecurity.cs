using Coxswain.Api.Core.V1;

namespace Coxswain.Api.Pods;

/// <summary>
/// The Pod Security Standards: what the levels <c>baseline</c> and <c>restricted</c> forbid, in their newest version. See
/// https://kubernetes.io/docs/concepts/security/pod-security-standards/.
/// </summary>
public static class PodSecurity
{
    private static readonly string[] SafeSysctls =
    [
        "kernel.shm_rmid_forced", "net.ipv4.ip_local_port_range", "net.ipv4.ip_unprivileged_port_start", "net.ipv4.tcp_syncookies",
        "net.ipv4.ping_group_range", "net.ipv4.ip_local_reserved_ports", "net.ipv4.tcp_keepalive_time", "net.ipv4.tcp_fin_timeout",
        "net.ipv4.tcp_keepalive_intvl", "net.ipv4.tcp_keepalive_probes", "net.ipv4.tcp_rmem", "net.ipv4.tcp_wmem",
    ];

    private static readonly string[] BaselineCapabilities =
    [
        "AUDIT_WRITE", "CHOWN", "DAC_OVERRIDE", "FOWNER", "FSETID", "KILL", "MKNOD", "NET_BIND_SERVICE", "SETFCAP", "SETGID", "SETPCAP", "SETUID",
        "SYS_CHROOT",
    ];

    private static readonly string[] SafeSeLinuxTypes = ["", "container_t", "container_init_t", "container_kvm_t", "container_engine_t"];

    /// <summary>What of a Pod a level forbids, each with who does it.</summary>
    /// <param name="level">privileged, baseline or restricted; anything else counts as restricted.</param>
    public static IReadOnlyList<string> Check(PodSpec spec, string level)
    {
        if (level == "privileged")
        {
            return [];
        }

        List<Named> containers =
        [
            .. spec.InitContainers.Select(container => new Named(container.Name, container.SecurityContext, container.Ports)),
            .. spec.Containers.Select(container => new Named(container.Name, container.SecurityContext, container.Ports)),
            .. spec.EphemeralContainers.Select(container => new Named(container.Name, container.SecurityContext, container.Ports)),
        ];
        var errors = new List<string>();
        CheckBaseline(errors, spec, containers, isRestricted: level != "baseline");
        if (level != "baseline")
        {
            CheckRestricted(errors, spec, containers);
        }

        return errors;
    }

    private static void CheckBaseline(List<string> errors, PodSpec spec, List<Named> containers, bool isRestricted)
    {
        List<string> host =
        [
            .. spec.HostNetwork ? ["hostNetwork=true"] : Array.Empty<string>(), .. spec.HostPID ? ["hostPID=true"] : Array.Empty<string>(),
            .. spec.HostIPC ? ["hostIPC=true"] : Array.Empty<string>(),
        ];
        Add(errors, host.Count > 0, "host namespaces", string.Join(", ", host));
        Add(errors, containers, container => container.Security?.Privileged == true, "privileged", "must not set securityContext.privileged=true");
        if (!isRestricted)
        {
            Add(errors, containers, container => container.Security?.Capabilities?.Add.Any(name => !BaselineCapabilities.Contains(name)) == true,
                "non-default capabilities", $"must not include capabilities beyond {string.Join(", ", BaselineCapabilities)} in securityContext.capabilities.add");
        }

        var paths = spec.Volumes.Where(volume => volume.HostPath is not null).Select(volume => $"\"{volume.Name}\"").ToList();
        Add(errors, paths.Count > 0 && !isRestricted, "hostPath volumes", $"{Plural("volume", paths.Count)} {string.Join(", ", paths)}");
        Add(errors, containers, container => container.Ports.Any(port => port.HostPort is > 0), "hostPort", "uses hostPort");
        Add(errors, containers, container => container.Security?.ProcMount is not (null or "" or "Default"), "procMount", "must not set securityContext.procMount");
        Add(errors, containers, container => container.Security?.SeccompProfile?.Type == "Unconfined", "seccompProfile",
            "must not set securityContext.seccompProfile.type to \"Unconfined\"");
        Add(errors, spec.SecurityContext?.SeccompProfile?.Type == "Unconfined", "seccompProfile",
            "pod must not set securityContext.seccompProfile.type to \"Unconfined\"");
        Add(errors, containers, container => container.Security?.AppArmorProfile?.Type == "Unconfined", "forbidden AppArmor profile", "must not be unconfined");
        Add(errors, spec.SecurityContext?.AppArmorProfile?.Type == "Unconfined", "forbidden AppArmor profile", "pod must not be unconfined");
        Add(errors, containers, container => IsForbidden(container.Security?.SeLinuxOptions), "seLinuxOptions", "sets forbidden securityContext.seLinuxOptions");
        Add(errors, IsForbidden(spec.SecurityContext?.SeLinuxOptions), "seLinuxOptions", "pod sets forbidden securityContext.seLinuxOptions");
        var sysctls = (spec.SecurityContext?.Sysctls ?? []).Select(sysctl => sysctl.Name).Where(name => !SafeSysctls.Contains(name)).ToList();
        Add(errors, sysctls.Count > 0, "forbidden sysctls", string.Join(", ", sysctls));
    }

    private static void CheckRestricted(List<string> errors, PodSpec spec, List<Named> containers)
    {
        Add(errors, containers, container => container.Security?.AllowPrivilegeEscalation != false, "allowPrivilegeEscalation != false",
            "must set securityContext.allowPrivilegeEscalation=false");
        Add(errors, containers, container => container.Security?.Capabilities?.Drop.Contains("ALL") != true
            || container.Security.Capabilities.Add.Any(name => name != "NET_BIND_SERVICE"), "unrestricted capabilities",
            "must set securityContext.capabilities.drop=[\"ALL\"]");
        var volumes = spec.Volumes.Where(IsRestricted).Select(volume => $"\"{volume.Name}\"").ToList();
        Add(errors, volumes.Count > 0, "restricted volume types", $"{Plural("volume", volumes.Count)} {string.Join(", ", volumes)}");
        var ofPod = spec.SecurityContext;
        Add(errors, containers, container => (container.Security?.RunAsNonRoot ?? ofPod?.RunAsNonRoot) != true, "runAsNonRoot != true",
            "must set securityContext.runAsNonRoot=true", "pod or ");
        Add(errors, containers, container => container.Security?.RunAsUser == 0, "runAsUser=0", "must not set runAsUser=0");
        Add(errors, ofPod?.RunAsUser == 0, "runAsUser=0", "pod must not set runAsUser=0");
        Add(errors, containers, container => (container.Security?.SeccompProfile ?? ofPod?.SeccompProfile)?.Type is not ("RuntimeDefault" or "Localhost"),
            "seccompProfile", "must set securityContext.seccompProfile.type to \"RuntimeDefault\" or \"Localhost\"", "pod or ");
    }

    private static bool IsForbidden(SELinuxOptions? options) => options is not null
        && (!SafeSeLinuxTypes.Contains(options.Type) || options.User.Length > 0 || options.Role.Length > 0);

    private static bool IsRestricted(Volume volume) => volume is
    {
        ConfigMap: null, Csi: null, DownwardAPI: null, EmptyDir: null, Ephemeral: null, PersistentVolumeClaim: null, Projected: null, Secret: null, Image: null,
    };

    private static void Add(List<string> errors, bool breaks, string rule, string detail)
    {
        if (breaks)
        {
            errors.Add($"{rule} ({detail})");
        }
    }

    private static void Add(List<string> errors, List<Named> containers, Func<Named, bool> breaks, string rule, string detail, string who = "")
    {
        var names = containers.Where(breaks).Select(container => $"\"{container.Name}\"").ToList();
        Add(errors, names.Count > 0, rule, $"{who}{Plural("container", names.Count)} {string.Join(", ", names)} {detail}");
    }

    private static string Plural(string word, int count) => count == 1 ? word : word + "s";

    private sealed record Named(string Name, SecurityContext? Security, IReadOnlyList<ContainerPort> Ports);
}
