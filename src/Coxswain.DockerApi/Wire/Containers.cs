using System.Text.Json.Serialization;

namespace Coxswain.DockerApi.Wire;

internal sealed record ContainerSummary
{
    public required string Id { get; init; }

    public required IReadOnlyList<string> Names { get; init; }

    public required string Image { get; init; }

    [JsonPropertyName("ImageID")]
    public required string ImageId { get; init; }

    public required string Command { get; init; }

    public required long Created { get; init; }

    public required IReadOnlyList<PortSummary> Ports { get; init; }

    public long? SizeRw { get; init; }

    public long? SizeRootFs { get; init; }

    public required SortedDictionary<string, string> Labels { get; init; }

    public required string State { get; init; }

    public required string Status { get; init; }

    public required SummaryHostConfig HostConfig { get; init; }

    public required SummaryNetworks NetworkSettings { get; init; }

    public required IReadOnlyList<MountPoint> Mounts { get; init; }
}

internal sealed record PortSummary(
    [property: JsonPropertyName("IP")] string? Address, ushort PrivatePort, ushort? PublicPort, string Type);

internal sealed record SummaryHostConfig(string NetworkMode);

internal sealed record SummaryNetworks(SortedDictionary<string, EndpointSettings> Networks);

internal sealed record MountPoint
{
    public required string Type { get; init; }

    public string? Name { get; init; }

    public required string Source { get; init; }

    public required string Destination { get; init; }

    public string? Driver { get; init; }

    public required string Mode { get; init; }

    [JsonPropertyName("RW")]
    public required bool Writable { get; init; }

    public required string Propagation { get; init; }
}

internal sealed record ContainerDetails
{
    public required string Id { get; init; }

    public required string Created { get; init; }

    public required string Path { get; init; }

    public required IReadOnlyList<string> Args { get; init; }

    public required StateDetails State { get; init; }

    public required string Image { get; init; }

    public required string ResolvConfPath { get; init; }

    public required string HostnamePath { get; init; }

    public required string HostsPath { get; init; }

    public required string LogPath { get; init; }

    public required string Name { get; init; }

    public required int RestartCount { get; init; }

    public string Driver { get; init; } = "overlay2";

    public string Platform { get; init; } = "linux";

    public string MountLabel { get; init; } = "";

    public string ProcessLabel { get; init; } = "";

    public string AppArmorProfile { get; init; } = "";

    [JsonPropertyName("ExecIDs")]
    public IReadOnlyList<string>? ExecIds { get; init; }

    public required HostSettings HostConfig { get; init; }

    public required DriverData GraphDriver { get; init; }

    public long? SizeRw { get; init; }

    public long? SizeRootFs { get; init; }

    public required IReadOnlyList<MountPoint> Mounts { get; init; }

    public required ContainerSettings Config { get; init; }

    public required NetworkDetails NetworkSettings { get; init; }
}

internal sealed record StateDetails
{
    public required string Status { get; init; }

    public required bool Running { get; init; }

    public required bool Paused { get; init; }

    public required bool Restarting { get; init; }

    [JsonPropertyName("OOMKilled")]
    public required bool OomKilled { get; init; }

    public bool Dead { get; init; }

    public required int Pid { get; init; }

    public required int ExitCode { get; init; }

    public required string Error { get; init; }

    public required string StartedAt { get; init; }

    public required string FinishedAt { get; init; }

    public HealthDetails? Health { get; init; }
}

internal sealed record HealthDetails(string Status, int FailingStreak, IReadOnlyList<HealthResult> Log);

internal sealed record HealthResult(string Start, string End, int ExitCode, string Output);

internal sealed record NetworkDetails
{
    public string Bridge { get; init; } = "";

    [JsonPropertyName("SandboxID")]
    public required string SandboxId { get; init; }

    public required string SandboxKey { get; init; }

    public required SortedDictionary<string, IReadOnlyList<PortBindingSettings>?> Ports { get; init; }

    [JsonPropertyName("EndpointID")]
    public string EndpointId { get; init; } = "";

    public string Gateway { get; init; } = "";

    [JsonPropertyName("IPAddress")]
    public string Address { get; init; } = "";

    [JsonPropertyName("IPPrefixLen")]
    public int PrefixLength { get; init; }

    public string MacAddress { get; init; } = "";

    public required SortedDictionary<string, EndpointSettings> Networks { get; init; }
}

internal sealed record ContainersPruned(IReadOnlyList<string> ContainersDeleted, long SpaceReclaimed);

internal sealed record WaitAnswer(int StatusCode)
{
    public ErrorAnswer? Error { get; init; }
}

internal sealed record ErrorAnswer(string Message);

internal sealed record TopAnswer(IReadOnlyList<string> Titles, IReadOnlyList<IReadOnlyList<string>> Processes);

internal sealed record ChangeAnswer(string Path, int Kind);

internal sealed record UpdateAnswer(IReadOnlyList<string> Warnings);

internal sealed record PathStat
{
    [JsonPropertyName("name")]
    public required string Name { get; init; }

    [JsonPropertyName("size")]
    public required long Size { get; init; }

    /// <summary>Go's file mode, whose type bits are not the kernel's.</summary>
    [JsonPropertyName("mode")]
    public required uint Mode { get; init; }

    [JsonPropertyName("mtime")]
    public required string ModifiedAt { get; init; }

    [JsonPropertyName("linkTarget")]
    public required string LinkTarget { get; init; }
}

internal sealed record ExecRequest
{
    public bool AttachStdin { get; init; }

    public bool AttachStdout { get; init; }

    public bool AttachStderr { get; init; }

    public string? DetachKeys { get; init; }

    public bool Tty { get; init; }

    public IReadOnlyList<string>? Env { get; init; }

    [JsonConverter(typeof(StringListConverter))]
    public IReadOnlyList<string>? Cmd { get; init; }

    public bool Privileged { get; init; }

    public string? User { get; init; }

    public string? WorkingDir { get; init; }

    /// <summary>Rows and columns.</summary>
    public IReadOnlyList<int>? ConsoleSize { get; init; }
}

internal sealed record ExecStartRequest
{
    public bool Detach { get; init; }

    public bool Tty { get; init; }

    public IReadOnlyList<int>? ConsoleSize { get; init; }
}

internal sealed record ExecDetails
{
    [JsonPropertyName("ID")]
    public required string Id { get; init; }

    public required bool Running { get; init; }

    public int? ExitCode { get; init; }

    public required ExecProcess ProcessConfig { get; init; }

    public required bool OpenStdin { get; init; }

    public bool OpenStderr { get; init; } = true;

    public bool OpenStdout { get; init; } = true;

    public bool CanRemove { get; init; }

    [JsonPropertyName("ContainerID")]
    public required string ContainerId { get; init; }

    public string DetachKeys { get; init; } = "";

    public required int Pid { get; init; }
}

internal sealed record ExecProcess
{
    [JsonPropertyName("tty")]
    public required bool Tty { get; init; }

    [JsonPropertyName("entrypoint")]
    public required string Entrypoint { get; init; }

    [JsonPropertyName("arguments")]
    public required IReadOnlyList<string> Arguments { get; init; }

    [JsonPropertyName("privileged")]
    public required bool Privileged { get; init; }

    [JsonPropertyName("user")]
    public string? User { get; init; }
}
