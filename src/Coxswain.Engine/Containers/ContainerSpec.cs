namespace Coxswain.Engine.Containers;

/// <summary>Everything about a container that its creator decides. Kept on disk with the container.</summary>
public sealed record ContainerSpec
{
    /// <summary>Null for a new id of 64 hexadecimal digits.</summary>
    public string? Id { get; init; }

    /// <summary>For people; need not be unique to the engine.</summary>
    public string Name { get; init; } = "";

    /// <summary>For the creator to find its containers again after a restart; the engine does not look at them.</summary>
    public IReadOnlyDictionary<string, string> Labels { get; init; } = new Dictionary<string, string>();

    public required RootFilesystem Root { get; init; }

    /// <summary>The command and its arguments; at least one.</summary>
    public required IReadOnlyList<string> Args { get; init; }

    /// <summary><c>KEY=value</c>; a later one wins. PATH and HOME get defaults when absent, TERM with a terminal.</summary>
    public IReadOnlyList<string> Env { get; init; } = [];

    /// <summary>Created in the root when missing, as Docker and the kubelet's runtimes do.</summary>
    public string WorkingDirectory { get; init; } = "/";

    /// <summary>
    /// <c>user</c>, <c>uid</c>, <c>user:group</c> or <c>uid:gid</c>, names looked up in the root's own /etc/passwd and
    /// /etc/group. Empty is root.
    /// </summary>
    public string User { get; init; } = "";

    /// <summary>Groups besides those /etc/group gives the user.</summary>
    public IReadOnlyList<long> AdditionalGroups { get; init; } = [];

    /// <summary>Whether the user also has the groups that list it in the root's own /etc/group.</summary>
    public ImageGroups ImageGroups { get; init; }

    /// <summary>Only for a new UTS namespace; a joined one has its name already.</summary>
    public string Hostname { get; init; } = "";

    public ContainerNamespaces Namespaces { get; init; } = new();

    public IReadOnlyList<ContainerMount> Mounts { get; init; } = [];

    public ContainerLimits Limits { get; init; } = new();

    /// <summary>Below the engine's own parent, e.g. <c>pod1234</c>; the container's group is made inside it.</summary>
    public string CgroupParent { get; init; } = "";

    public bool Privileged { get; init; }

    public bool ReadonlyRootfs { get; init; }

    public bool NoNewPrivileges { get; init; }

    /// <summary>Nothing of /proc is hidden or read-only, as a container needs that has containers of its own.</summary>
    public bool UnmaskedProc { get; init; }

    /// <summary>Names with or without CAP_; ALL for all. Added to the default set.</summary>
    public IReadOnlyList<string> CapabilitiesAdd { get; init; } = [];

    public IReadOnlyList<string> CapabilitiesDrop { get; init; } = [];

    public int OomScoreAdj { get; init; }

    public IReadOnlyList<Rlimit> Rlimits { get; init; } = [];

    public IReadOnlyList<ContainerDevice> Devices { get; init; } = [];

    public SeccompProfile Seccomp { get; init; } = SeccompProfile.Default;

    /// <summary>Kernel settings of the container's own namespaces; any others, and those of a namespace of the host, are refused.</summary>
    public IReadOnlyDictionary<string, string> Sysctls { get; init; } = new Dictionary<string, string>();

    /// <summary>A sandbox's shared memory to have as /dev/shm; null for one of its own.</summary>
    public string? ShmPath { get; init; }

    /// <summary>Bytes of a /dev/shm of its own.</summary>
    public long ShmSizeBytes { get; init; } = 64 * 1024 * 1024;

    public bool Terminal { get; init; }

    /// <summary>Keep a standard input open for <see cref="IContainers.AttachAsync"/>; otherwise it is /dev/null.</summary>
    public bool Stdin { get; init; }

    /// <summary>
    /// The input ends for the process when the first who attached has ended or gone. Otherwise it stays open for the next.
    /// </summary>
    public bool StdinOnce { get; init; }

    /// <summary>What <see cref="IContainers.StopAsync"/> sends first: a number or a name, default SIGTERM.</summary>
    public string StopSignal { get; init; } = "SIGTERM";

    /// <summary>Where conmon writes output in CRI format. Null for none; its directory is created.</summary>
    public string? LogPath { get; init; }

    /// <summary>A log that grew larger is put aside and a new one begun.</summary>
    public long LogMostBytes { get; init; } = 10 * 1024 * 1024;

    /// <summary>How many files of the log there are at most, the current one included.</summary>
    public int LogMostFiles { get; init; } = 5;
}

public enum ImageGroups
{
    /// <summary>As Docker: only when no group is named.</summary>
    UnlessGroupIsNamed,

    Always,
    Never,
}

/// <summary>Which system calls a container may make. A privileged one may make all.</summary>
/// <param name="Kind">Where the rules come from.</param>
/// <param name="Path">For <see cref="SeccompKind.Localhost"/>: a file in the runtime specification's form.</param>
public sealed record SeccompProfile(SeccompKind Kind, string? Path = null)
{
    /// <summary>What Docker allows when nothing is said, and what Kubernetes calls RuntimeDefault.</summary>
    public static readonly SeccompProfile Default = new(SeccompKind.Default);

    public static readonly SeccompProfile Unconfined = new(SeccompKind.Unconfined);

    public static SeccompProfile Localhost(string path) => new(SeccompKind.Localhost, path);
}

public enum SeccompKind
{
    Default,
    Unconfined,
    Localhost,
}

/// <summary>Where the root comes from: layers (the engine mounts and later deletes a snapshot) or a directory the caller owns.</summary>
public sealed record RootFilesystem
{
    /// <summary>Read-only layers, the top one first.</summary>
    public IReadOnlyList<string>? LayerDirectories { get; init; }

    public string? Directory { get; init; }

    public static RootFilesystem FromLayers(IReadOnlyList<string> layerDirectories) =>
        new() { LayerDirectories = layerDirectories };

    public static RootFilesystem FromDirectory(string directory) => new() { Directory = directory };
}

/// <summary>Each: null for a new one, <see cref="Host"/> for the machine's own, otherwise the path of one to join.</summary>
public sealed record ContainerNamespaces
{
    public const string Host = "host";

    public string? Network { get; init; }

    public string? Ipc { get; init; }

    public string? Uts { get; init; }

    public string? Pid { get; init; }
}

/// <param name="Source">A path on the host for a bind mount; for <c>tmpfs</c> and others any word.</param>
/// <param name="Target">An absolute path in the container; made when missing, a file when the source is one.</param>
/// <param name="Type">bind, tmpfs or another file system.</param>
/// <param name="Options">Further mount options (<c>size=1m</c>, <c>mode=1777</c>, <c>noexec</c>).</param>
public sealed record ContainerMount(
    string Source, string Target, bool ReadOnly = false, string Type = "bind", IReadOnlyList<string>? Options = null)
{
    public MountPropagation Propagation { get; init; }
}

public enum MountPropagation
{
    Private,
    HostToContainer,
    Bidirectional,
}

/// <summary>Null is no limit.</summary>
public sealed record ContainerLimits
{
    public long? MemoryBytes { get; init; }

    /// <summary>Memory and swap together; null with a memory limit means no swap at all.</summary>
    public long? MemorySwapBytes { get; init; }

    /// <summary>Weight in v1's unit; converted on v2.</summary>
    public long? CpuShares { get; init; }

    /// <summary>Microseconds in each period.</summary>
    public long? CpuQuota { get; init; }

    public long? CpuPeriod { get; init; }

    public long? Pids { get; init; }

    /// <summary>Processors it may use, e.g. <c>0-1</c>.</summary>
    public string? CpusetCpus { get; init; }
}

/// <param name="Type">Without or with RLIMIT_, e.g. <c>NOFILE</c>.</param>
public sealed record Rlimit(string Type, long Soft, long Hard);

/// <param name="HostPath">An existing device node.</param>
/// <param name="Permissions">Any of r, w, m.</param>
public sealed record ContainerDevice(string HostPath, string ContainerPath, string Permissions = "rwm");
