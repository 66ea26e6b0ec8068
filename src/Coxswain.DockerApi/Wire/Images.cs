using Coxswain.Engine.Images.Documents;

namespace Coxswain.DockerApi.Wire;

internal sealed record ImageSummary
{
    public required string Id { get; init; }

    public string ParentId { get; init; } = "";

    public required IReadOnlyList<string> RepoTags { get; init; }

    public required IReadOnlyList<string> RepoDigests { get; init; }

    public required long Created { get; init; }

    public required long Size { get; init; }

    public long SharedSize { get; init; } = -1;

    public required long VirtualSize { get; init; }

    public required SortedDictionary<string, string> Labels { get; init; }

    public long Containers { get; init; } = -1;
}

internal sealed record ImageDetails
{
    public required string Id { get; init; }

    public required IReadOnlyList<string> RepoTags { get; init; }

    public required IReadOnlyList<string> RepoDigests { get; init; }

    public string Parent { get; init; } = "";

    public string Comment { get; init; } = "";

    public required string Created { get; init; }

    public string DockerVersion { get; init; } = "";

    public required string Author { get; init; }

    public required ContainerConfig Config { get; init; }

    public required string Architecture { get; init; }

    public string? Variant { get; init; }

    public required string Os { get; init; }

    public required long Size { get; init; }

    public required long VirtualSize { get; init; }

    public required DriverData GraphDriver { get; init; }

    [System.Text.Json.Serialization.JsonPropertyName("RootFS")]
    public required ImageRoot RootFs { get; init; }

    public required ImageMetadata Metadata { get; init; }
}

internal sealed record DriverData(string Name, SortedDictionary<string, string> Data);

internal sealed record ImageRoot(string Type, IReadOnlyList<string> Layers);

internal sealed record ImageMetadata(string LastTagTime);

internal sealed record HistoryLine(string Id, long Created, string CreatedBy, IReadOnlyList<string>? Tags, long Size, string Comment);

internal sealed record ImageDeletion
{
    public string? Untagged { get; init; }

    public string? Deleted { get; init; }
}

internal sealed record ImagesPruned(IReadOnlyList<ImageDeletion> ImagesDeleted, long SpaceReclaimed);

internal sealed record CachePruned(IReadOnlyList<string> CachesDeleted, long SpaceReclaimed);
