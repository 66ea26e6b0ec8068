using System.Text.Json.Serialization;

namespace Coxswain.Engine.Containers.Oci;

// The parts of the OCI runtime specification's config.json that we write, under its own names.

internal sealed record RuntimeSpec(
    string OciVersion, OciProcess Process, OciRoot Root, string? Hostname, IReadOnlyList<OciMount> Mounts, OciLinux Linux);

internal sealed record OciProcess(
    bool Terminal,
    OciUser User,
    IReadOnlyList<string> Args,
    IReadOnlyList<string> Env,
    string Cwd,
    OciCapabilities? Capabilities,
    IReadOnlyList<OciRlimit>? Rlimits,
    bool NoNewPrivileges,
    int? OomScoreAdj)
{
    public OciConsoleSize? ConsoleSize { get; init; }
}

internal sealed record OciConsoleSize(ushort Height, ushort Width);

internal sealed record OciUser(long Uid, long Gid, IReadOnlyList<long>? AdditionalGids);

internal sealed record OciCapabilities(
    IReadOnlyList<string> Bounding, IReadOnlyList<string> Effective, IReadOnlyList<string> Permitted);

internal sealed record OciRlimit(string Type, long Hard, long Soft);

internal sealed record OciRoot(string Path, [property: JsonPropertyName("readonly")] bool ReadOnly);

internal sealed record OciMount(string Destination, string Type, string Source, IReadOnlyList<string> Options);

internal sealed record OciLinux(
    OciResources Resources,
    string CgroupsPath,
    IReadOnlyList<OciNamespace> Namespaces,
    IReadOnlyList<OciDevice>? Devices,
    IReadOnlyDictionary<string, string>? Sysctl,
    IReadOnlyList<string>? MaskedPaths,
    IReadOnlyList<string>? ReadonlyPaths,
    string? RootfsPropagation,
    OciSeccomp? Seccomp);

internal sealed record OciNamespace(string Type, string? Path = null);

internal sealed record OciDevice(string Path, string Type, long Major, long Minor, uint? FileMode, long Uid, long Gid);

internal sealed record OciResources(
    IReadOnlyList<OciDeviceRule> Devices, OciMemory? Memory, OciCpu? Cpu, OciPids? Pids);

internal sealed record OciDeviceRule(bool Allow, string Access, string? Type = null, long? Major = null, long? Minor = null);

internal sealed record OciMemory(long? Limit, long? Swap);

internal sealed record OciCpu(long? Shares, long? Quota, long? Period, string? Cpus);

internal sealed record OciPids(long Limit);

internal sealed record OciSeccomp(
    string DefaultAction, uint? DefaultErrnoRet, IReadOnlyList<string>? Architectures, IReadOnlyList<OciSyscall>? Syscalls)
{
    public IReadOnlyList<string>? Flags { get; init; }

    public string? ListenerPath { get; init; }

    public string? ListenerMetadata { get; init; }
}

internal sealed record OciSyscall(IReadOnlyList<string> Names, string Action)
{
    public uint? ErrnoRet { get; init; }

    public IReadOnlyList<OciSyscallArgument>? Args { get; init; }
}

internal sealed record OciSyscallArgument(uint Index, ulong Value, string Op)
{
    public ulong? ValueTwo { get; init; }
}
