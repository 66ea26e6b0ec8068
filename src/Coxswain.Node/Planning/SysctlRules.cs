using Coxswain.Api.Core.V1;

namespace Coxswain.Node.Planning;

/// <summary>
/// Which kernel settings a pod may have: those that change nothing outside it, and what the node's operator allows besides.
/// See https://kubernetes.io/docs/tasks/administer-cluster/sysctl-cluster/.
/// </summary>
internal static class SysctlRules
{
    private static readonly HashSet<string> Safe = new(StringComparer.Ordinal)
    {
        "kernel.shm_rmid_forced",
        "net.ipv4.ip_local_port_range",
        "net.ipv4.tcp_syncookies",
        "net.ipv4.ping_group_range",
        "net.ipv4.ip_unprivileged_port_start",
        "net.ipv4.ip_local_reserved_ports",
        "net.ipv4.tcp_keepalive_time",
        "net.ipv4.tcp_fin_timeout",
        "net.ipv4.tcp_keepalive_intvl",
        "net.ipv4.tcp_keepalive_probes",
        "net.ipv4.tcp_rmem",
        "net.ipv4.tcp_wmem",
    };

    /// <summary>Settings of IPC namespaces, which a pod has one of; the rest of <c>kernel.</c> is the machine's.</summary>
    private static readonly string[] Ipc = ["kernel.shm", "kernel.msg", "kernel.sem", "fs.mqueue."];

    /// <param name="allowed">Names, or beginnings of names that end in an asterisk.</param>
    /// <returns>Null when all may be set.</returns>
    public static PodFailure? Check(Pod pod, IReadOnlyList<string> allowed)
    {
        foreach (var sysctl in pod.Spec.SecurityContext?.Sysctls ?? [])
        {
            // Both ways of writing them are the same name.
            var name = sysctl.Name.Replace('/', '.');
            var isIpc = Ipc.Any(prefix => name.StartsWith(prefix, StringComparison.Ordinal));
            var isNetwork = name.StartsWith("net.", StringComparison.Ordinal);
            if (!Safe.Contains(name) && !((isIpc || isNetwork) && allowed.Any(pattern => Matches(pattern, name))))
            {
                return Forbidden($"\"{sysctl.Name}\" not allowlisted");
            }

            if (isNetwork && pod.Spec.HostNetwork)
            {
                return Forbidden($"\"{sysctl.Name}\" not allowed with host net enabled");
            }

            if (isIpc && pod.Spec.HostIPC)
            {
                return Forbidden($"\"{sysctl.Name}\" not allowed with host ipc enabled");
            }
        }

        return null;
    }

    private static PodFailure Forbidden(string why) => new("SysctlForbidden", "Pod was rejected: forbidden sysctl: " + why);

    private static bool Matches(string pattern, string name) => pattern.EndsWith('*')
        ? name.StartsWith(pattern[..^1], StringComparison.Ordinal)
        : name == pattern;
}
