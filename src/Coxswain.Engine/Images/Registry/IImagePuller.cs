using Coxswain.Engine.Images.Stores;

namespace Coxswain.Engine.Images.Registry;

/// <summary>Gets images from registries into the store.</summary>
public interface IImagePuller
{
    /// <summary>
    /// Brings an image here, or makes sure that the one here is the registry's. Blobs that are here are not fetched again.
    /// </summary>
    /// <exception cref="ImageException">
    /// <see cref="ImageErrorKind.NotFound"/>, <see cref="ImageErrorKind.Unauthorized"/> or
    /// <see cref="ImageErrorKind.Unreachable"/>, with a message fit for a pod's event.
    /// </exception>
    Task<Image> PullAsync(string reference, PullOptions options, CancellationToken cancellationToken);
}

public sealed record PullOptions
{
    /// <summary>Null to pull as nobody.</summary>
    public RegistryCredentials? Credentials { get; init; }

    public IProgress<PullProgress>? Progress { get; init; }
}

public sealed record RegistryCredentials(string Username, string Password);

/// <summary>How far one blob is.</summary>
/// <param name="Status">Docker's words: <c>Pulling fs layer</c>, <c>Downloading</c>, <c>Pull complete</c>, <c>Already exists</c>.</param>
/// <param name="TotalBytes">0 when it is not known.</param>
public sealed record PullProgress(Digest Layer, string Status, long CurrentBytes, long TotalBytes);
