using System.Globalization;
using Coxswain.DockerApi.Wire;
using Coxswain.Engine.Containers;
using Coxswain.Engine.Local;

namespace Coxswain.DockerApi.Mapping;

/// <summary>What a container's process is allowed, and how it is run.</summary>
internal static class ProcessMapping
{
    private const long BillionthsOfOne = 1_000_000_000;
    private const long Period = 100_000;

    public static ContainerSpec Of(ContainerSettings config, HostSettings host, IReadOnlyList<string> args, LocalNetworkMode mode)
    {
        if (host.Runtime is not (null or "" or "runc" or "io.containerd.runc.v2"))
        {
            throw ContainerMapping.Invalid($"unknown or invalid runtime name: {host.Runtime}");
        }

        var security = host.SecurityOpt ?? [];
        var onHost = mode == LocalNetworkMode.Host && config.Hostname is not { Length: > 0 };
        return new ContainerSpec
        {
            Root = new RootFilesystem(),
            Args = args,
            Env = config.Env ?? [],
            WorkingDirectory = config.WorkingDir is { Length: > 0 } directory ? directory : "/",
            User = config.User ?? "",
            AdditionalGroups = [.. (host.GroupAdd ?? []).Select(Group)],
            Hostname = onHost ? Environment.MachineName : config.Hostname ?? "",
            Namespaces = new ContainerNamespaces
            {
                Pid = Namespace("PidMode", host.PidMode),
                Ipc = Namespace("IpcMode", host.IpcMode),
                Uts = onHost ? ContainerNamespaces.Host : Namespace("UTSMode", host.UtsMode),
            },
            Labels = config.Labels is { } labels ? new Dictionary<string, string>(labels) : [],
            Limits = Limits(host),
            Privileged = host.Privileged,
            ReadonlyRootfs = host.ReadonlyRootfs,
            NoNewPrivileges = security.Any(option => option is "no-new-privileges" or "no-new-privileges:true" or "no-new-privileges=true"),
            UnmaskedProc = security.Contains("systempaths=unconfined"),
            Seccomp = Seccomp(security),
            CapabilitiesAdd = host.CapAdd ?? [],
            CapabilitiesDrop = host.CapDrop ?? [],
            OomScoreAdj = host.OomScoreAdj,
            Rlimits = [.. (host.Ulimits ?? []).Select(limit => new Rlimit(limit.Name, limit.Soft, limit.Hard))],
            Devices = [.. (host.Devices ?? []).Select(Device)],
            Sysctls = host.Sysctls is { } settings ? new Dictionary<string, string>(settings) : [],
            ShmSizeBytes = host.ShmSize > 0 ? host.ShmSize : 64 * 1024 * 1024,
            Terminal = config.Tty,
            Stdin = config.OpenStdin,
            StdinOnce = config.StdinOnce,
            StopSignal = config.StopSignal is { Length: > 0 } signal ? signal : "SIGTERM",
            LogMostBytes = LogBytes(host.LogConfig),
            LogMostFiles = LogFiles(host.LogConfig),
        };
    }

    public static ContainerLimits Limits(HostSettings host) => new()
    {
        MemoryBytes = host.Memory > 0 ? host.Memory : null,
        MemorySwapBytes = host.MemorySwap is > 0 or -1 ? host.MemorySwap : null,
        CpuShares = host.CpuShares > 0 ? host.CpuShares : null,
        CpuQuota = host.NanoCpus > 0 ? host.NanoCpus * Period / BillionthsOfOne : host.CpuQuota > 0 ? host.CpuQuota : null,
        CpuPeriod = host.NanoCpus > 0 ? Period : host.CpuPeriod > 0 ? host.CpuPeriod : null,
        CpusetCpus = host.CpusetCpus is { Length: > 0 } processors ? processors : null,
        Pids = host.PidsLimit is > 0 ? host.PidsLimit : null,
    };

    private static string? Namespace(string what, string? mode) => mode switch
    {
        null or "" or "private" or "shareable" => null,
        "host" => ContainerNamespaces.Host,
        _ => throw new LocalException(LocalErrorKind.Unsupported, $"{what} {mode} is not supported: only host and private are"),
    };

    private static long Group(string text) =>
        long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var group)
            ? group
            : throw new LocalException(LocalErrorKind.Unsupported, $"group {text} by name is not supported: give its number");

    private static SeccompProfile Seccomp(IReadOnlyList<string> security)
    {
        foreach (var option in security)
        {
            if (option is "seccomp=unconfined" or "seccomp:unconfined")
            {
                return SeccompProfile.Unconfined;
            }

            if (option.StartsWith("seccomp=", StringComparison.Ordinal) && option != "seccomp=builtin")
            {
                throw new LocalException(
                    LocalErrorKind.Unsupported, "a seccomp profile of the client's own is not supported: only unconfined and the built-in one are");
            }
        }

        return SeccompProfile.Default;
    }

    private static ContainerDevice Device(DeviceSettings device) =>
        device.PathOnHost is { Length: > 0 } path
            ? new ContainerDevice(
                path, device.PathInContainer is { Length: > 0 } inside ? inside : path,
                device.CgroupPermissions is { Length: > 0 } permissions ? permissions : "rwm")
            : throw ContainerMapping.Invalid("a device without a path");

    private static long LogBytes(LogSettings? log) =>
        log?.Config?.GetValueOrDefault("max-size") is not { Length: > 0 } text ? 10 * 1024 * 1024
        : long.TryParse(text.TrimEnd('b', 'B').TrimEnd('k', 'K', 'm', 'M', 'g', 'G'), NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number > 0
            ? char.ToLowerInvariant(text.TrimEnd('b', 'B')[^1]) switch { 'k' => number << 10, 'm' => number << 20, 'g' => number << 30, _ => number }
            : throw ContainerMapping.Invalid($"invalid max-size of a log: {text}");

    private static int LogFiles(LogSettings? log) =>
        log?.Config?.GetValueOrDefault("max-file") is not { Length: > 0 } text ? 5
        : int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number > 0 ? number
        : throw ContainerMapping.Invalid($"invalid max-file of a log: {text}");
}
