using Coxswain.Engine.Images.Documents;
using Coxswain.Engine.Images.Storage;

namespace Coxswain.Engine.Images.Registry;

/// <summary>Pulls over HTTP: manifest, platform, missing blobs (each checked), unpacking; the tag moves last.</summary>
internal sealed class RegistryPuller(ImageStore store, HttpClient http) : IImagePuller
{
    private const int ParallelDownloads = 3;

    public async Task<Image> PullAsync(string reference, PullOptions options, CancellationToken cancellationToken)
    {
        var name = ImageReference.Parse(reference);
        var client = new RegistryClient(http, name, options.Credentials, "pull");
        var found = await client.GetManifestAsync(name.Digest?.ToString() ?? name.Tag ?? "latest", cancellationToken);
        var repositoryDigest = $"{name.Repository}@{found.Digest}";
        var manifest = await ChooseAsync(client, found, name, cancellationToken);
        var document = ImageJson.Read(manifest.Bytes, ImageJson.Manifest, $"the manifest of {name.Familiar}");
        using var session = await store.OpenSessionAsync(cancellationToken);
        await DownloadAsync(client, session, document, options.Progress, cancellationToken);
        var configuration = ImageJson.Read(
            store.Blobs.ReadDocument(document.Config.Digest), ImageJson.Configuration, $"the configuration of {name.Familiar}");
        await store.UnpackAsync(session, document, configuration, cancellationToken);
        var descriptor = new Descriptor(manifest.MediaType, store.Blobs.Put(session, manifest.Bytes), manifest.Bytes.Length);
        return await store.CommitAsync(
            descriptor, document.Config.Digest, name.Tag is null ? [] : [name], [repositoryDigest], cancellationToken);
    }

    /// <summary>The manifest for this machine, when there are several.</summary>
    private static async Task<RegistryManifest> ChooseAsync(
        RegistryClient client, RegistryManifest found, ImageReference name, CancellationToken cancellationToken)
    {
        if (!MediaTypes.IsIndex(found.MediaType))
        {
            return MediaTypes.IsManifest(found.MediaType)
                ? found
                : throw new ImageException(
                    ImageErrorKind.Unsupported, $"{name.Familiar} has a manifest of an unsupported kind: {found.MediaType}");
        }

        var index = ImageJson.Read(found.Bytes, ImageJson.Index, $"the index of {name.Familiar}");
        var chosen = index.Manifests.FirstOrDefault(manifest => manifest.Platform is { } platform && platform.Runs(Platform.Current))
            ?? throw new ImageException(ImageErrorKind.NotFound, $"{name.Familiar} is not there for {Platform.Current}");
        return await client.GetManifestAsync(chosen.Digest.ToString(), cancellationToken) with { MediaType = chosen.MediaType };
    }

    private Task DownloadAsync(
        RegistryClient client, StoreSession session, ImageManifest manifest, IProgress<PullProgress>? progress,
        CancellationToken cancellationToken)
    {
        var missing = manifest.Layers.Prepend(manifest.Config).DistinctBy(blob => blob.Digest).ToArray();
        return Parallel.ForEachAsync(
            missing,
            new ParallelOptions { MaxDegreeOfParallelism = ParallelDownloads, CancellationToken = cancellationToken },
            async (blob, token) =>
            {
                if (store.Blobs.Contains(blob.Digest))
                {
                    progress?.Report(new PullProgress(blob.Digest, "Already exists", blob.Size, blob.Size));
                    return;
                }

                progress?.Report(new PullProgress(blob.Digest, "Pulling fs layer", 0, blob.Size));
                using var writer = new BlobWriter(store.Blobs, session);
                await client.GetBlobAsync(blob.Digest, stream => CopyAsync(stream, writer, blob, progress, token), token);
                writer.Commit(blob.Digest);
                progress?.Report(new PullProgress(blob.Digest, "Pull complete", blob.Size, blob.Size));
            });
    }

    private static async Task CopyAsync(
        Stream source, BlobWriter target, Descriptor blob, IProgress<PullProgress>? progress, CancellationToken cancellationToken)
    {
        const long Step = 4 * 1024 * 1024;
        var buffer = new byte[128 * 1024];
        long reported = 0;
        int count;
        try
        {
            while ((count = await source.ReadAsync(buffer, cancellationToken)) > 0)
            {
                await target.Stream.WriteAsync(buffer.AsMemory(0, count), cancellationToken);
                if (target.Stream.Count > blob.Size)
                {
                    throw new ImageException(ImageErrorKind.Corrupt, $"blob {blob.Digest} is longer than the {blob.Size} bytes announced");
                }

                if (target.Stream.Count - reported >= Step)
                {
                    reported = target.Stream.Count;
                    progress?.Report(new PullProgress(blob.Digest, "Downloading", reported, blob.Size));
                }
            }
        }
        catch (Exception exception) when (exception is HttpRequestException or HttpIOException)
        {
            throw new ImageException(ImageErrorKind.Unreachable, $"the download of {blob.Digest} broke off: {exception.Message}", exception);
        }
    }
}
