using Coxswain.Engine.Images.Documents;

namespace Coxswain.Engine.Images.Stores;

/// <summary>An image of the store, as it was when it was asked for.</summary>
public sealed record Image
{
    /// <summary>The digest of the configuration.</summary>
    public required Digest Id { get; init; }

    public required Descriptor ManifestDescriptor { get; init; }

    public required ImageManifest Manifest { get; init; }

    public required ImageConfiguration Configuration { get; init; }

    /// <summary>Full references; none when the image is dangling.</summary>
    public required IReadOnlyList<ImageReference> Tags { get; init; }

    /// <summary>Full repositories with the manifest's digest, for images that came from or went to a registry.</summary>
    public required IReadOnlyList<string> RepositoryDigests { get; init; }

    /// <summary>The bytes of all files of all layers, as <c>docker images</c> counts.</summary>
    public required long SizeBytes { get; init; }

    /// <summary>When the store got it.</summary>
    public required DateTimeOffset Added { get; init; }

    /// <summary>How its containers run; never null.</summary>
    public ContainerConfig Config => Configuration.Config ?? new ContainerConfig();
}

/// <summary>One line of <c>docker history</c>, the newest first.</summary>
/// <param name="Id">Only the newest line has one: layers are not images.</param>
public sealed record ImageHistoryLine(Digest? Id, DateTimeOffset? Created, string CreatedBy, long SizeBytes, string Comment);

/// <summary>What a removal did, in order; the words of <c>docker image rm</c>.</summary>
public sealed record ImageRemoval(IReadOnlyList<string> Untagged, IReadOnlyList<Digest> Deleted);

/// <summary>What a clean-up removed.</summary>
public sealed record ImagePruneReport(IReadOnlyList<string> Untagged, IReadOnlyList<Digest> Deleted, long SpaceReclaimedBytes);

public sealed record ImagePruneOptions
{
    /// <summary>Also images that have a tag but no container.</summary>
    public bool All { get; init; }

    /// <summary>Also what the builder remembers of steps.</summary>
    public bool BuildCache { get; init; }
}

/// <summary>Says which images containers were made from, so that they are not removed below them.</summary>
public interface IImageUsage
{
    Task<IReadOnlyList<ImageUse>> ListAsync(CancellationToken cancellationToken);

    /// <summary>The layer directories below any snapshot, also of images that are already removed by force.</summary>
    Task<IReadOnlyCollection<string>> ListLayerDirectoriesAsync(CancellationToken cancellationToken);
}

public sealed record ImageUse(Digest ImageId, string ContainerId, bool Running);
