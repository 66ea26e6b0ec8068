using Coxswain.DockerApi.Http;
using Coxswain.DockerApi.Wire;
using Coxswain.Engine.Events;
using Coxswain.Engine.Images;
using Coxswain.Engine.Local.Lifecycle;

namespace Coxswain.DockerApi.Endpoints;

/// <summary>The engine's events in Docker's words, as far as they are Docker's.</summary>
internal static class EventWords
{
    private const string OwnLabels = "coxswain.dev/";

    /// <summary>Null for what is not told: events of Pods, and those Docker has no word for.</summary>
    public static EventMessage? Of(EngineEvent happened)
    {
        var (type, action) = happened.Type switch
        {
            EngineEventType.ContainerCreated => ("container", "create"),
            EngineEventType.ContainerStarted => ("container", "start"),
            EngineEventType.ContainerOom => ("container", "oom"),
            EngineEventType.ContainerDied => ("container", "die"),
            EngineEventType.ContainerDestroyed => ("container", "destroy"),
            EngineEventType.ContainerPaused => ("container", "pause"),
            EngineEventType.ContainerUnpaused => ("container", "unpause"),
            EngineEventType.ContainerRenamed => ("container", "rename"),
            EngineEventType.ContainerUpdated => ("container", "update"),
            EngineEventType.ContainerKilled => ("container", "kill"),
            EngineEventType.ContainerStopped => ("container", "stop"),
            EngineEventType.ContainerRestarted => ("container", "restart"),
            EngineEventType.ContainerHealth => ("container", $"health_status: {happened.Attributes.GetValueOrDefault(EventAttributes.Health)}"),
            EngineEventType.ExecCreated => ("container", "exec_create"),
            EngineEventType.ExecStarted => ("container", "exec_start"),
            EngineEventType.ExecDied => ("container", "exec_die"),
            EngineEventType.ImagePulled => ("image", "pull"),
            EngineEventType.ImagePushed => ("image", "push"),
            EngineEventType.ImageTagged => ("image", "tag"),
            EngineEventType.ImageUntagged => ("image", "untag"),
            EngineEventType.ImageDeleted => ("image", "delete"),
            EngineEventType.ImageImported => ("image", "import"),
            EngineEventType.ImageLoaded => ("image", "load"),
            EngineEventType.ImageBuilt => ("image", "tag"),
            EngineEventType.NetworkCreated => ("network", "create"),
            EngineEventType.NetworkConnected => ("network", "connect"),
            EngineEventType.NetworkDisconnected => ("network", "disconnect"),
            EngineEventType.NetworkDestroyed => ("network", "destroy"),
            EngineEventType.VolumeCreated => ("volume", "create"),
            EngineEventType.VolumeDestroyed => ("volume", "destroy"),
            _ => ("", ""),
        };
        if (type.Length == 0 || (type == "container" && !IsLocal(happened)))
        {
            return null;
        }

        var attributes = new SortedDictionary<string, string>(StringComparer.Ordinal);
        foreach (var (name, value) in happened.Labels.Where(label => !label.Key.StartsWith(OwnLabels, StringComparison.Ordinal)).Concat(happened.Attributes))
        {
            attributes[name] = type == "image" && name == EventAttributes.Name ? Familiar(value) : value;
        }

        var image = happened.Labels.GetValueOrDefault(LocalContainers.ImageLabel);
        if (image is not null)
        {
            attributes[EventAttributes.Image] = image;
        }

        return new EventMessage
        {
            Status = type is "container" or "image" ? action : null,
            Id = type is "container" or "image" ? happened.Subject : null,
            From = image,
            Type = type,
            Action = action,
            Actor = new EventActor(happened.Subject, attributes),
            Time = happened.Time.ToUnixTimeSeconds(),
            TimeNano = (happened.Time - DateTimeOffset.UnixEpoch).Ticks * TimeSpan.NanosecondsPerTick,
        };
    }

    public static bool Passes(EventMessage message, Filters filters) =>
        filters.Any("type", type => message.Type == type)
        && filters.Any("event", action => message.Action == action || message.Action.StartsWith(action + ":", StringComparison.Ordinal))
        && filters.Any("container", name => (message.Type == "container" && Is(message, name)) || message.Actor.Attributes.GetValueOrDefault(EventAttributes.Container) == name)
        && filters.Any("image", name => (message.Type == "image" && Is(message, name)) || message.From == name)
        && filters.Any("network", name => message.Type == "network" && Is(message, name))
        && filters.Any("volume", name => message.Type == "volume" && Is(message, name))
        && filters.Labels(message.Actor.Attributes);

    private static bool Is(EventMessage message, string nameOrId) =>
        message.Actor.Id.StartsWith(nameOrId, StringComparison.Ordinal) || message.Actor.Attributes.GetValueOrDefault(EventAttributes.Name) == nameOrId;

    /// <summary>What only local containers do needs no mark.</summary>
    private static bool IsLocal(EngineEvent happened) =>
        happened.Labels.ContainsKey(LocalContainers.Label)
        || happened.Type is EngineEventType.ContainerKilled or EngineEventType.ContainerStopped or EngineEventType.ContainerRestarted
            or EngineEventType.ContainerHealth or EngineEventType.ContainerUpdated;

    private static string Familiar(string name) => ImageReference.TryParse(name, out _)?.Familiar ?? name;
}
