using System.Globalization;

namespace Coxswain.Engine.Containers.Oci;

/// <summary>Which of root's powers a container has.</summary>
internal static class Capabilities
{
    private const string Everything = "ALL";

    /// <summary>By their kernel numbers.</summary>
    private static readonly string[] Known =
    [
        "CAP_CHOWN", "CAP_DAC_OVERRIDE", "CAP_DAC_READ_SEARCH", "CAP_FOWNER", "CAP_FSETID", "CAP_KILL", "CAP_SETGID",
        "CAP_SETUID", "CAP_SETPCAP", "CAP_LINUX_IMMUTABLE", "CAP_NET_BIND_SERVICE", "CAP_NET_BROADCAST", "CAP_NET_ADMIN",
        "CAP_NET_RAW", "CAP_IPC_LOCK", "CAP_IPC_OWNER", "CAP_SYS_MODULE", "CAP_SYS_RAWIO", "CAP_SYS_CHROOT",
        "CAP_SYS_PTRACE", "CAP_SYS_PACCT", "CAP_SYS_ADMIN", "CAP_SYS_BOOT", "CAP_SYS_NICE", "CAP_SYS_RESOURCE",
        "CAP_SYS_TIME", "CAP_SYS_TTY_CONFIG", "CAP_MKNOD", "CAP_LEASE", "CAP_AUDIT_WRITE", "CAP_AUDIT_CONTROL",
        "CAP_SETFCAP", "CAP_MAC_OVERRIDE", "CAP_MAC_ADMIN", "CAP_SYSLOG", "CAP_WAKE_ALARM", "CAP_BLOCK_SUSPEND",
        "CAP_AUDIT_READ", "CAP_PERFMON", "CAP_BPF", "CAP_CHECKPOINT_RESTORE",
    ];

    /// <summary>Docker's and containerd's default set.</summary>
    private static readonly string[] Default =
    [
        "CAP_CHOWN", "CAP_DAC_OVERRIDE", "CAP_FSETID", "CAP_FOWNER", "CAP_MKNOD", "CAP_NET_RAW", "CAP_SETGID",
        "CAP_SETUID", "CAP_SETFCAP", "CAP_SETPCAP", "CAP_NET_BIND_SERVICE", "CAP_SYS_CHROOT", "CAP_KILL", "CAP_AUDIT_WRITE",
    ];

    /// <summary>Those we have ourselves: nobody can pass on more, and runc refuses to try.</summary>
    private static readonly Lazy<string[]> All = new(ReadOwn);

    /// <param name="uid">Only root has its capabilities in effect; others could gain them through a set-uid file.</param>
    public static OciCapabilities Of(ContainerSpec spec, long uid)
    {
        var add = Names(spec.CapabilitiesAdd);
        var drop = Names(spec.CapabilitiesDrop);
        IEnumerable<string> set = spec.Privileged ? All.Value
            // Dropping all leaves what is named; adding all, everything but what is named.
            : drop.Contains(Everything) ? add.Where(name => name != Everything)
            : add.Contains(Everything) ? All.Value.Except(drop)
            : Default.Except(drop).Union(add);
        string[] bounding = [.. set.Distinct().Order(StringComparer.Ordinal)];
        string[] effective = uid == 0 ? bounding : [];
        return new OciCapabilities(bounding, effective, effective);
    }

    /// <summary>Whether we have it ourselves.</summary>
    public static bool Has(string name) => All.Value.Contains(name);

    private static HashSet<string> Names(IReadOnlyList<string> names) =>
        [.. names.Select(name => name.ToUpperInvariant())
            .Select(name => name == Everything || name.StartsWith("CAP_", StringComparison.Ordinal) ? name : "CAP_" + name)];

    private static string[] ReadOwn()
    {
        const string Bounding = "CapBnd:";
        var line = File.ReadLines("/proc/self/status").First(line => line.StartsWith(Bounding, StringComparison.Ordinal));
        var mask = ulong.Parse(line[Bounding.Length..].Trim(), NumberStyles.HexNumber, CultureInfo.InvariantCulture);
        return [.. Known.Where((_, number) => (mask & (1UL << number)) != 0)];
    }
}
