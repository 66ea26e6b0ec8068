namespace Coxswain.Engine.Containers.Oci;

/// <summary>The mounts and hidden paths every container has, as Docker and containerd set them.</summary>
internal static class DefaultMounts
{
    public static readonly string[] MaskedPaths =
    [
        "/proc/acpi", "/proc/asound", "/proc/kcore", "/proc/keys", "/proc/latency_stats", "/proc/timer_list",
        "/proc/timer_stats", "/proc/sched_debug", "/proc/scsi", "/sys/firmware", "/sys/devices/virtual/powercap",
    ];

    public static readonly string[] ReadonlyPaths =
        ["/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger"];

    public static IReadOnlyList<OciMount> Of(ContainerSpec spec)
    {
        var access = spec.Privileged ? "rw" : "ro";
        return
        [
            new("/proc", "proc", "proc", ["nosuid", "noexec", "nodev"]),
            new("/dev", "tmpfs", "tmpfs", ["nosuid", "strictatime", "mode=755", "size=65536k"]),
            new("/dev/pts", "devpts", "devpts", ["nosuid", "noexec", "newinstance", "ptmxmode=0666", "mode=0620", "gid=5"]),
            spec.ShmPath is { } shm
                ? new("/dev/shm", "bind", shm, ["rbind", "nosuid", "noexec", "nodev", "rprivate"])
                : new("/dev/shm", "tmpfs", "shm", ["nosuid", "noexec", "nodev", "mode=1777", $"size={spec.ShmSizeBytes}"]),
            new("/dev/mqueue", "mqueue", "mqueue", ["nosuid", "noexec", "nodev"]),
            spec.Namespaces.Network == ContainerNamespaces.Host
                // sysfs shows the network namespace it is mounted from, so the kernel lets only its owner mount it.
                // Without what is mounted below (debugfs, tracefs, bpf ...): read-only does not reach there.
                ? new("/sys", "bind", "/sys", [spec.Privileged ? "rbind" : "bind", "nosuid", "noexec", "nodev", access])
                : new("/sys", "sysfs", "sysfs", ["nosuid", "noexec", "nodev", access]),
            new("/sys/fs/cgroup", "cgroup", "cgroup", ["nosuid", "noexec", "nodev", "relatime", access]),
        ];
    }
}
