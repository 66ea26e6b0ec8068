namespace Coxswain.Engine.Events;

/// <summary>What can happen to what the engine keeps.</summary>
public enum EngineEventType
{
    ContainerCreated,
    ContainerStarted,

    /// <summary>The kernel killed a process of the container for memory; the container may live on.</summary>
    ContainerOom,

    /// <summary>The task ended; the container is kept.</summary>
    ContainerDied,
    ContainerDestroyed,
    ContainerPaused,
    ContainerUnpaused,
    ContainerRenamed,
    ContainerUpdated,

    /// <summary>A signal was sent; <see cref="EventAttributes.Signal"/> says which.</summary>
    ContainerKilled,
    ContainerStopped,
    ContainerRestarted,

    /// <summary>Its health is another now; <see cref="EventAttributes.Health"/> says which.</summary>
    ContainerHealth,
    ExecCreated,
    ExecStarted,
    ExecDied,
    ImagePulled,
    ImageTagged,
    ImageUntagged,
    ImageDeleted,
    ImageImported,
    ImagePushed,
    ImageLoaded,
    ImageBuilt,
    NetworkCreated,
    NetworkConnected,
    NetworkDisconnected,
    NetworkDestroyed,
    VolumeCreated,
    VolumeDestroyed,

    /// <summary>Events between the last one this subscriber saw and this one are gone: list again. Has no subject.</summary>
    Lost,
}

/// <param name="Sequence">Rises with every event, also over restarts of the engine. Subscribe after it to go on from here.</param>
/// <param name="Subject">The id of the container or image.</param>
/// <param name="Attributes">Under the names of <see cref="EventAttributes"/>.</param>
/// <param name="Labels">The container's own; empty for others.</param>
public sealed record EngineEvent(
    long Sequence,
    DateTimeOffset Time,
    EngineEventType Type,
    string Subject,
    IReadOnlyDictionary<string, string> Attributes,
    IReadOnlyDictionary<string, string> Labels);

public static class EventAttributes
{
    public const string Name = "name";
    public const string ExitCode = "exitCode";
    public const string ExecId = "execID";
    public const string Signal = "signal";
    public const string Health = "health";
    public const string Image = "image";
    public const string Container = "container";
}
