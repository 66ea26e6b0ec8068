using System.Text.Json.Serialization;

namespace Coxswain.DockerApi.Wire;

internal sealed record VersionAnswer
{
    public required VersionPlatform Platform { get; init; }

    public required IReadOnlyList<VersionComponent> Components { get; init; }

    public required string Version { get; init; }

    public required string ApiVersion { get; init; }

    [JsonPropertyName("MinAPIVersion")]
    public required string MinApiVersion { get; init; }

    public string GitCommit { get; init; } = "";

    public string GoVersion { get; init; } = "none";

    public string Os { get; init; } = "linux";

    public required string Arch { get; init; }

    public required string KernelVersion { get; init; }

    public string BuildTime { get; init; } = "";
}

internal sealed record VersionPlatform(string Name);

internal sealed record VersionComponent(string Name, string Version)
{
    public SortedDictionary<string, string>? Details { get; init; }
}

internal sealed record SystemInfo
{
    [JsonPropertyName("ID")]
    public required string Id { get; init; }

    public int Containers { get; init; }

    public int ContainersRunning { get; init; }

    public int ContainersPaused { get; init; }

    public int ContainersStopped { get; init; }

    public int Images { get; init; }

    public string Driver { get; init; } = "overlay2";

    public IReadOnlyList<IReadOnlyList<string>> DriverStatus { get; init; } = [["Backing Filesystem", "overlayfs"]];

    public required InfoPlugins Plugins { get; init; }

    public bool MemoryLimit { get; init; } = true;

    public bool SwapLimit { get; init; } = true;

    public bool CpuCfsPeriod { get; init; } = true;

    public bool CpuCfsQuota { get; init; } = true;

    [JsonPropertyName("CPUShares")]
    public bool CpuShares { get; init; } = true;

    [JsonPropertyName("CPUSet")]
    public bool CpuSet { get; init; } = true;

    public bool PidsLimit { get; init; } = true;

    [JsonPropertyName("IPv4Forwarding")]
    public bool Ipv4Forwarding { get; init; } = true;

    public bool OomKillDisable { get; init; }

    public bool Debug { get; init; }

    public required string SystemTime { get; init; }

    public string LoggingDriver { get; init; } = "json-file";

    public string CgroupDriver { get; init; } = "cgroupfs";

    public required string CgroupVersion { get; init; }

    public required string KernelVersion { get; init; }

    public required string OperatingSystem { get; init; }

    [JsonPropertyName("OSType")]
    public string OsType { get; init; } = "linux";

    public required string Architecture { get; init; }

    [JsonPropertyName("NCPU")]
    public required int ProcessorCount { get; init; }

    public required long MemTotal { get; init; }

    public string IndexServerAddress { get; init; } = "https://index.docker.io/v1/";

    public required RegistryInfo RegistryConfig { get; init; }

    public required string DockerRootDir { get; init; }

    public required string Name { get; init; }

    public IReadOnlyList<string> Labels { get; init; } = [];

    public required string ServerVersion { get; init; }

    public required SortedDictionary<string, RuntimeInfo> Runtimes { get; init; }

    public string DefaultRuntime { get; init; } = "runc";

    public required SwarmInfo Swarm { get; init; }

    public bool LiveRestoreEnabled { get; init; } = true;

    public IReadOnlyList<string> SecurityOptions { get; init; } = ["name=seccomp,profile=builtin"];

    public IReadOnlyList<string> Warnings { get; init; } = [];
}

internal sealed record InfoPlugins(IReadOnlyList<string> Volume, IReadOnlyList<string> Network, IReadOnlyList<string> Log);

internal sealed record RuntimeInfo([property: JsonPropertyName("path")] string Path);

internal sealed record SwarmInfo(string LocalNodeState)
{
    [JsonPropertyName("NodeID")]
    public string NodeId { get; init; } = "";

    public string NodeAddr { get; init; } = "";

    public bool ControlAvailable { get; init; }

    public string Error { get; init; } = "";
}

internal sealed record RegistryInfo(
    [property: JsonPropertyName("InsecureRegistryCIDRs")] IReadOnlyList<string> InsecureRegistryCidrs,
    SortedDictionary<string, RegistryIndex> IndexConfigs,
    IReadOnlyList<string> Mirrors);

internal sealed record RegistryIndex(string Name, IReadOnlyList<string> Mirrors, bool Secure, bool Official);

internal sealed record DiskUsage(
    long LayersSize, IReadOnlyList<ImageSummary> Images, IReadOnlyList<ContainerSummary> Containers, IReadOnlyList<VolumeAnswer> Volumes,
    IReadOnlyList<EmptyAnswer> BuildCache)
{
    public long BuilderSize { get; init; }
}

/// <summary>An object without members, as lists of what there is nothing of are typed.</summary>
internal sealed record EmptyAnswer;

internal sealed record EventMessage
{
    [JsonPropertyName("status")]
    public string? Status { get; init; }

    [JsonPropertyName("id")]
    public string? Id { get; init; }

    [JsonPropertyName("from")]
    public string? From { get; init; }

    public required string Type { get; init; }

    public required string Action { get; init; }

    public required EventActor Actor { get; init; }

    [JsonPropertyName("scope")]
    public string Scope { get; init; } = "local";

    [JsonPropertyName("time")]
    public required long Time { get; init; }

    [JsonPropertyName("timeNano")]
    public required long TimeNano { get; init; }
}

internal sealed record EventActor([property: JsonPropertyName("ID")] string Id, SortedDictionary<string, string> Attributes);
