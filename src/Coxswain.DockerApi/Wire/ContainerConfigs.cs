using System.Text.Json;
using System.Text.Json.Serialization;
using Coxswain.Engine.Images.Documents;

namespace Coxswain.DockerApi.Wire;

/// <summary>What a container is, whatever machine it is on. What we do not know is kept for who inspects it.</summary>
internal record ContainerSettings
{
    public string? Hostname { get; init; }

    public string? Domainname { get; init; }

    public string? User { get; init; }

    public bool AttachStdin { get; init; }

    public bool AttachStdout { get; init; }

    public bool AttachStderr { get; init; }

    public SortedDictionary<string, EmptyObject>? ExposedPorts { get; init; }

    public bool Tty { get; init; }

    public bool OpenStdin { get; init; }

    public bool StdinOnce { get; init; }

    public IReadOnlyList<string>? Env { get; init; }

    [JsonConverter(typeof(StringListConverter))]
    public IReadOnlyList<string>? Cmd { get; init; }

    public HealthCheck? Healthcheck { get; init; }

    public string? Image { get; init; }

    public SortedDictionary<string, EmptyObject>? Volumes { get; init; }

    public string? WorkingDir { get; init; }

    [JsonConverter(typeof(StringListConverter))]
    public IReadOnlyList<string>? Entrypoint { get; init; }

    public bool? NetworkDisabled { get; init; }

    public IReadOnlyList<string>? OnBuild { get; init; }

    public SortedDictionary<string, string>? Labels { get; init; }

    public string? StopSignal { get; init; }

    public int? StopTimeout { get; init; }

    [JsonConverter(typeof(StringListConverter))]
    public IReadOnlyList<string>? Shell { get; init; }
}

/// <summary>A container to be made.</summary>
internal sealed record CreateRequest : ContainerSettings
{
    public HostSettings? HostConfig { get; init; }

    public NetworkingSettings? NetworkingConfig { get; init; }
}

internal sealed record NetworkingSettings
{
    public SortedDictionary<string, EndpointSettings?>? EndpointsConfig { get; init; }
}

/// <summary>What is kept with a container of the request that made it.</summary>
internal sealed record CreatorDocument(ContainerSettings Config, HostSettings HostConfig);

/// <summary>How a container is on this machine.</summary>
internal sealed record HostSettings
{
    public IReadOnlyList<string>? Binds { get; init; }

    [JsonPropertyName("ContainerIDFile")]
    public string? ContainerIdFile { get; init; }

    public LogSettings? LogConfig { get; init; }

    public string? NetworkMode { get; init; }

    public SortedDictionary<string, IReadOnlyList<PortBindingSettings>?>? PortBindings { get; init; }

    public RestartSettings? RestartPolicy { get; init; }

    public bool AutoRemove { get; init; }

    public string? VolumeDriver { get; init; }

    public IReadOnlyList<string>? VolumesFrom { get; init; }

    public IReadOnlyList<MountSettings>? Mounts { get; init; }

    [JsonConverter(typeof(StringListConverter))]
    public IReadOnlyList<string>? CapAdd { get; init; }

    [JsonConverter(typeof(StringListConverter))]
    public IReadOnlyList<string>? CapDrop { get; init; }

    public string? CgroupnsMode { get; init; }

    public IReadOnlyList<string>? Dns { get; init; }

    public IReadOnlyList<string>? DnsOptions { get; init; }

    public IReadOnlyList<string>? DnsSearch { get; init; }

    public IReadOnlyList<string>? ExtraHosts { get; init; }

    public IReadOnlyList<string>? GroupAdd { get; init; }

    public string? IpcMode { get; init; }

    public IReadOnlyList<string>? Links { get; init; }

    public int OomScoreAdj { get; init; }

    public string? PidMode { get; init; }

    public bool Privileged { get; init; }

    public bool PublishAllPorts { get; init; }

    public bool ReadonlyRootfs { get; init; }

    public IReadOnlyList<string>? SecurityOpt { get; init; }

    public SortedDictionary<string, string>? Tmpfs { get; init; }

    [JsonPropertyName("UTSMode")]
    public string? UtsMode { get; init; }

    public long ShmSize { get; init; }

    public SortedDictionary<string, string>? Sysctls { get; init; }

    public string? Runtime { get; init; }

    public long CpuShares { get; init; }

    public long Memory { get; init; }

    public long NanoCpus { get; init; }

    public string? CgroupParent { get; init; }

    public long CpuPeriod { get; init; }

    public long CpuQuota { get; init; }

    public string? CpusetCpus { get; init; }

    public IReadOnlyList<DeviceSettings>? Devices { get; init; }

    public long MemoryReservation { get; init; }

    public long MemorySwap { get; init; }

    public long? PidsLimit { get; init; }

    public IReadOnlyList<UlimitSettings>? Ulimits { get; init; }

    public bool? Init { get; init; }

    [JsonExtensionData]
    public Dictionary<string, JsonElement>? Other { get; set; }
}

internal sealed record LogSettings(string? Type, SortedDictionary<string, string>? Config);

internal sealed record PortBindingSettings(string? HostIp, string? HostPort);

internal sealed record RestartSettings(string? Name, int MaximumRetryCount);

internal sealed record MountSettings
{
    public string? Type { get; init; }

    public string? Source { get; init; }

    public string? Target { get; init; }

    public bool ReadOnly { get; init; }

    public BindSettings? BindOptions { get; init; }

    public VolumeSettings? VolumeOptions { get; init; }

    public TmpfsSettings? TmpfsOptions { get; init; }
}

internal sealed record BindSettings(string? Propagation, bool CreateMountpoint);

internal sealed record VolumeSettings(bool NoCopy, SortedDictionary<string, string>? Labels);

internal sealed record TmpfsSettings(long SizeBytes, int Mode);

internal sealed record DeviceSettings(string? PathOnHost, string? PathInContainer, string? CgroupPermissions);

internal sealed record UlimitSettings(string Name, long Soft, long Hard);

/// <summary>A container on a network: what is asked for, and what it came to.</summary>
internal sealed record EndpointSettings
{
    [JsonPropertyName("IPAMConfig")]
    public EndpointAddressing? Addressing { get; init; }

    public IReadOnlyList<string>? Links { get; init; }

    public IReadOnlyList<string>? Aliases { get; init; }

    [JsonPropertyName("NetworkID")]
    public string NetworkId { get; init; } = "";

    [JsonPropertyName("EndpointID")]
    public string EndpointId { get; init; } = "";

    public string Gateway { get; init; } = "";

    [JsonPropertyName("IPAddress")]
    public string Address { get; init; } = "";

    [JsonPropertyName("IPPrefixLen")]
    public int PrefixLength { get; init; }

    [JsonPropertyName("IPv6Gateway")]
    public string Ipv6Gateway { get; init; } = "";

    [JsonPropertyName("GlobalIPv6Address")]
    public string Ipv6Address { get; init; } = "";

    [JsonPropertyName("GlobalIPv6PrefixLen")]
    public int Ipv6PrefixLength { get; init; }

    public string MacAddress { get; init; } = "";

    [JsonPropertyName("DNSNames")]
    public IReadOnlyList<string>? DnsNames { get; init; }
}

internal sealed record EndpointAddressing
{
    [JsonPropertyName("IPv4Address")]
    public string? Ipv4Address { get; init; }
}
