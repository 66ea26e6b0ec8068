namespace Coxswain.Node.Runtime;

/// <summary>What runs the containers, as a Node reports it: <c>coxswain://0.1.0</c>.</summary>
/// <param name="Name">Also opens every containerID.</param>
public sealed record RuntimeVersion(string Name, string Version)
{
    public override string ToString() => $"{Name}://{Version}";
}

/// <summary>What a pod's containers share.</summary>
/// <param name="Id">The pod's UID.</param>
/// <param name="Hostname">The UTS host name.</param>
/// <param name="CgroupParent">The pod's own group, below the runtime's.</param>
public sealed record SandboxConfig(string Id, string Namespace, string Name, string Hostname, string CgroupParent)
{
    /// <summary>The group of the pod with that UID.</summary>
    public static string CgroupOf(string id) => "pod" + id;

    public bool HostNetwork { get; init; }

    public bool HostPid { get; init; }

    public bool HostIpc { get; init; }

    /// <summary>Its containers see each other's processes.</summary>
    public bool ShareProcessNamespace { get; init; }

    /// <summary>What its containers may use together, and their weight against other sandboxes.</summary>
    public ContainerResources Resources { get; init; } = new();

    public IReadOnlyDictionary<string, string> Sysctls { get; init; } = new Dictionary<string, string>();
}

/// <param name="Ready">False when its network is gone (after a reboot); running it again brings that back.</param>
/// <param name="Addresses">Empty with the host's network.</param>
public sealed record SandboxStatus(SandboxConfig Config, bool Ready, IReadOnlyList<string> Addresses);

/// <summary>One container to make; what is left empty comes from the image.</summary>
public sealed record ContainerConfig
{
    public required string Name { get; init; }

    /// <summary>0 for the first, one more for every restart.</summary>
    public required int Attempt { get; init; }

    /// <summary>The image as the pod names it.</summary>
    public required string Image { get; init; }

    /// <summary>Replaces the image's ENTRYPOINT, and its CMD too.</summary>
    public IReadOnlyList<string> Command { get; init; } = [];

    /// <summary>Replaces the image's CMD.</summary>
    public IReadOnlyList<string> Args { get; init; } = [];

    public string WorkingDirectory { get; init; } = "";

    /// <summary>Added to the image's; a later one wins.</summary>
    public IReadOnlyList<KeyValuePair<string, string>> Env { get; init; } = [];

    public IReadOnlyList<MountConfig> Mounts { get; init; } = [];

    public IReadOnlyDictionary<string, string> Labels { get; init; } = new Dictionary<string, string>();

    public required string LogPath { get; init; }

    public bool Terminal { get; init; }

    public bool Stdin { get; init; }

    /// <summary>The input ends when the first who attached has ended it or gone.</summary>
    public bool StdinOnce { get; init; }

    /// <summary>A running container whose processes this one is to see; empty for none.</summary>
    public string TargetContainerId { get; init; } = "";

    /// <summary>Empty for the image's, or else SIGTERM.</summary>
    public string StopSignal { get; init; } = "";

    public ContainerSecurity Security { get; init; } = new();

    public ContainerResources Resources { get; init; } = new();

    public int OomScoreAdj { get; init; }
}

public sealed record MountConfig(string HostPath, string ContainerPath, bool ReadOnly = false, string Propagation = "")
{
    /// <summary>What is mounted inside it is read-only too.</summary>
    public bool RecursiveReadOnly { get; init; }
}

/// <summary>Null is the image's.</summary>
public sealed record ContainerSecurity
{
    public long? RunAsUser { get; init; }

    public long? RunAsGroup { get; init; }

    public IReadOnlyList<long> SupplementalGroups { get; init; } = [];

    /// <summary>Not also those that the image's own /etc/group gives the user.</summary>
    public bool OnlyNamedGroups { get; init; }

    /// <summary>Nothing of /proc is hidden or read-only.</summary>
    public bool UnmaskedProc { get; init; }

    public bool Privileged { get; init; }

    public bool ReadOnlyRootFilesystem { get; init; }

    public bool NoNewPrivileges { get; init; }

    public IReadOnlyList<string> CapabilitiesAdd { get; init; } = [];

    public IReadOnlyList<string> CapabilitiesDrop { get; init; } = [];

    public SecurityProfile Seccomp { get; init; } = SecurityProfile.Unconfined;
}

public enum SecurityProfileType
{
    Unconfined,
    RuntimeDefault,
    Localhost,
}

/// <param name="LocalhostRef">For <see cref="SecurityProfileType.Localhost"/>: the profile's file on the node.</param>
public sealed record SecurityProfile(SecurityProfileType Type, string LocalhostRef = "")
{
    public static readonly SecurityProfile Unconfined = new(SecurityProfileType.Unconfined);
}

/// <summary>Null is no limit.</summary>
public sealed record ContainerResources
{
    public long? CpuShares { get; init; }

    public long? CpuQuota { get; init; }

    public long? CpuPeriod { get; init; }

    public long? MemoryBytes { get; init; }

    public long? Pids { get; init; }
}

public enum ContainerRunState
{
    Created,
    Running,
    Exited,
}

/// <summary>A container at one moment.</summary>
/// <param name="Image">The image as the pod named it.</param>
/// <param name="ImageId">The digest of the image it was made from.</param>
public sealed record ContainerInfo(
    string Id, string SandboxId, string Name, int Attempt, string Image, string ImageId, ContainerRunState State, DateTimeOffset CreatedAt)
{
    public DateTimeOffset? StartedAt { get; init; }

    public DateTimeOffset? FinishedAt { get; init; }

    public int ExitCode { get; init; }

    public bool OomKilled { get; init; }

    /// <summary>Set when the process could not be made or its end not be learnt.</summary>
    public string Reason { get; init; } = "";

    public string Message { get; init; } = "";

    public IReadOnlyDictionary<string, string> Labels { get; init; } = new Dictionary<string, string>();

    public string LogPath { get; init; } = "";

    /// <summary>The limits it has now.</summary>
    public ContainerResources Resources { get; init; } = new();
}

public enum RuntimeEventType
{
    ContainerStarted,
    ContainerExited,

    /// <summary>This subscriber was too slow and events were dropped: look at everything again.</summary>
    Lost,
}

public sealed record RuntimeEvent(RuntimeEventType Type, string SandboxId, string ContainerId);

public sealed record ExecRequest(IReadOnlyList<string> Command, bool Stdin = false, bool Terminal = false);

/// <summary>Use of processor and memory at one moment, by a container or by a whole sandbox.</summary>
/// <param name="WorkingSetBytes">Memory that cannot be reclaimed at once: what limits and evictions look at.</param>
public sealed record ContainerStats(
    DateTimeOffset Time, long CpuNanoseconds, long MemoryBytes, long WorkingSetBytes, long RssBytes, long MemoryLimitBytes, long Pids)
{
    public long CacheBytes { get; init; }

    public long PageFaults { get; init; }

    public long MajorPageFaults { get; init; }

    public long CpuPeriods { get; init; }

    public long ThrottledPeriods { get; init; }

    public long ThrottledNanoseconds { get; init; }

    public long OomKills { get; init; }
}

/// <param name="Usage">Of all its containers.</param>
/// <param name="Interfaces">Of its network, without the loopback; empty with the host's.</param>
public sealed record SandboxStats(ContainerStats Usage, IReadOnlyList<NetworkInterfaceStats> Interfaces);

public sealed record NetworkInterfaceStats(
    string Name, long ReceivedBytes, long ReceivedPackets, long ReceiveErrors, long ReceiveDrops, long SentBytes, long SentPackets,
    long SendErrors, long SendDrops);

/// <param name="Id">The digest that names the image's content.</param>
/// <param name="User">As the image says it: empty, a name or a number, perhaps with a group.</param>
public sealed record ImageInfo(
    string Id, IReadOnlyList<string> Tags, IReadOnlyList<string> Digests, long SizeBytes, string User, string StopSignal);

/// <param name="Registry">The registry's host the credential is for.</param>
public sealed record ImageCredential(string Registry, string Username, string Password);
