using Coxswain.Engine.Containers;

namespace Coxswain.Engine.Local;

/// <summary>A local container at one moment. Immutable.</summary>
public sealed record LocalContainer
{
    public required string Id { get; init; }

    public required LocalContainerSpec Spec { get; init; }

    /// <summary>Of the engine's container below it.</summary>
    public required ContainerStatus Status { get; init; }

    /// <summary>It has ended and is about to be started again.</summary>
    public bool Restarting { get; init; }

    /// <summary>How often its policy has started it again.</summary>
    public int RestartCount { get; init; }

    /// <summary>Why the last start failed; empty otherwise.</summary>
    public string Error { get; init; } = "";

    public IReadOnlyList<Endpoint> Endpoints { get; init; } = [];

    public IReadOnlyList<PublishedPort> Ports { get; init; } = [];

    public IReadOnlyList<MountedVolume> Volumes { get; init; } = [];

    /// <summary>Null without a health check.</summary>
    public HealthState? Health { get; init; }

    /// <summary>The namespace its processes are in; empty on the machine's network.</summary>
    public string SandboxPath { get; init; } = "";

    public string Directory { get; init; } = "";

    public bool IsRunning => Status.State == ContainerState.Running;
}

/// <summary>A container on a network.</summary>
/// <param name="Address">Empty while it does not run.</param>
public sealed record Endpoint(string NetworkId, string NetworkName, string Id, string Address, string MacAddress, string HostLink)
{
    public IReadOnlyList<string> Aliases { get; init; } = [];

    public IReadOnlyList<string> Links { get; init; } = [];

    /// <summary>What was asked for; null for any.</summary>
    public string? WantedAddress { get; init; }
}

/// <param name="Anonymous">Made for this container, and removed with it when that is asked for.</param>
public sealed record MountedVolume(string Name, string Source, string Target, bool ReadOnly, bool Anonymous);

public enum HealthStatus
{
    Starting,
    Healthy,
    Unhealthy,
}

/// <param name="Log">The newest checks, oldest first.</param>
public sealed record HealthState(HealthStatus Status, int FailingStreak, IReadOnlyList<HealthCheckResult> Log);

public sealed record HealthCheckResult(DateTimeOffset Start, DateTimeOffset End, int ExitCode, string Output);
