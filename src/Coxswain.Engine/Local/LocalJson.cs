using System.Text.Json.Serialization;

namespace Coxswain.Engine.Local;

/// <summary>How local containers, networks and volumes are written to disk.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    UseStringEnumConverter = true)]
[JsonSerializable(typeof(LocalContainerRecord))]
[JsonSerializable(typeof(LocalNetwork))]
[JsonSerializable(typeof(LocalVolume))]
internal sealed partial class LocalJson : JsonSerializerContext;

/// <summary>A local container as it is kept.</summary>
/// <param name="WantsRun">It was started and nobody has stopped it since: what a restart policy goes by.</param>
internal sealed record LocalContainerRecord(string Id, LocalContainerSpec Spec, bool WantsRun)
{
    public int RestartCount { get; init; }

    public IReadOnlyList<Endpoint> Endpoints { get; init; } = [];

    public IReadOnlyList<PublishedPort> Ports { get; init; } = [];

    public IReadOnlyList<MountedVolume> Volumes { get; init; } = [];
}
