using Coxswain.Engine.Containers;

namespace Coxswain.Engine.Local;

/// <summary>A container that stands for itself: somebody named it, and no sandbox or controller looks after it but the engine.</summary>
public sealed record LocalContainerSpec
{
    /// <summary>Unique among local containers.</summary>
    public required string Name { get; init; }

    /// <summary>The image in the creator's words.</summary>
    public required string Image { get; init; }

    public required string ImageId { get; init; }

    /// <summary>How its process runs. Root, namespaces, log and what stands in for volumes and name files are filled in.</summary>
    public required ContainerSpec Process { get; init; }

    public IReadOnlyList<VolumeMount> Volumes { get; init; } = [];

    public LocalNetworkMode NetworkMode { get; init; }

    /// <summary>For <see cref="LocalNetworkMode.Container"/>: whose network it shares.</summary>
    public string? NetworkOf { get; init; }

    public IReadOnlyList<EndpointSpec> Endpoints { get; init; } = [];

    public IReadOnlyList<PublishSpec> Publish { get; init; } = [];

    public RestartPolicy Restart { get; init; } = new();

    public HealthCheckSpec? Health { get; init; }

    /// <summary>Gone, with its anonymous volumes, once it has ended.</summary>
    public bool AutoRemove { get; init; }

    /// <summary>What Stop waits before it kills, when it is not told.</summary>
    public TimeSpan StopTimeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>Lines of /etc/hosts as <c>name:address</c>; <c>host-gateway</c> is the machine.</summary>
    public IReadOnlyList<string> ExtraHosts { get; init; } = [];

    /// <summary>Name servers instead of the machine's own.</summary>
    public IReadOnlyList<string> Dns { get; init; } = [];

    public IReadOnlyList<string> DnsSearch { get; init; } = [];

    public IReadOnlyList<string> DnsOptions { get; init; } = [];

    /// <summary>What the creator wants to find again; the engine does not look at it.</summary>
    public string CreatorDocument { get; init; } = "";
}

public enum LocalNetworkMode
{
    /// <summary>A network namespace of its own, joined to each network it has an endpoint on.</summary>
    Networks,

    /// <summary>The machine's.</summary>
    Host,

    /// <summary>A namespace of its own with nothing but loopback.</summary>
    None,

    /// <summary>That of another local container.</summary>
    Container,
}

/// <param name="Network">Its name or id.</param>
public sealed record EndpointSpec(string Network)
{
    /// <summary>Further names it answers to there.</summary>
    public IReadOnlyList<string> Aliases { get; init; } = [];

    /// <summary>Null for any that is free.</summary>
    public string? Address { get; init; }

    /// <summary>Other containers by names of this one's own: <c>container:alias</c>.</summary>
    public IReadOnlyList<string> Links { get; init; } = [];
}

/// <param name="Protocol">tcp or udp.</param>
/// <param name="HostAddress">Empty for all of the machine's.</param>
/// <param name="FirstHostPort">0 for any that is free.</param>
/// <param name="LastHostPort">The same as the first one but for a range, of which the first free one is taken.</param>
public sealed record PublishSpec(ushort Port, string Protocol, string HostAddress, ushort FirstHostPort, ushort LastHostPort);

/// <param name="HostPort">What it came to.</param>
public sealed record PublishedPort(ushort Port, string Protocol, string HostAddress, ushort HostPort);

/// <param name="Volume">Its name; null for a new one without a name of the user's.</param>
/// <param name="Target">An absolute path in the container.</param>
/// <param name="Copy">Whether an empty volume gets what the image has there.</param>
public sealed record VolumeMount(string? Volume, string Target, bool ReadOnly = false, bool Copy = true);

public enum RestartKind
{
    No,
    OnFailure,
    UnlessStopped,
    Always,
}

/// <param name="MostRetries">For <see cref="RestartKind.OnFailure"/>; 0 for as many as it takes.</param>
public sealed record RestartPolicy(RestartKind Kind = RestartKind.No, int MostRetries = 0);

/// <param name="Command">With the image's shell in front where it is a line for one.</param>
public sealed record HealthCheckSpec(IReadOnlyList<string> Command)
{
    public TimeSpan Interval { get; init; } = TimeSpan.FromSeconds(30);

    public TimeSpan Timeout { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>Failures in it do not count.</summary>
    public TimeSpan StartPeriod { get; init; }

    /// <summary>Between checks during the start period.</summary>
    public TimeSpan StartInterval { get; init; } = TimeSpan.FromSeconds(5);

    public int Retries { get; init; } = 3;
}
