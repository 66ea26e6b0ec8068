using Coxswain.Engine.Images.Documents;
using Coxswain.Engine.Images.Events;
using Coxswain.Engine.Images.Storage;
using Coxswain.Engine.Images.Stores;
using Coxswain.Linux;

namespace Coxswain.Engine.Images.Registry;

/// <summary>
/// Pulls over HTTP: manifest, platform, missing blobs (each checked), unpacking; the tag moves last. Who asks for an image that is
/// being pulled waits for that pull, and a blob that was begun is gone on with.
/// </summary>
internal sealed class RegistryPuller(ImageStore store, HttpClient http) : IImagePuller
{
    private const int ParallelDownloads = 3;

    private readonly SingleFlight<(string Reference, RegistryCredentials? Credentials), Image, PullProgress> _pulls = new();

    public Task<Image> PullAsync(string reference, PullOptions options, CancellationToken cancellationToken)
    {
        var name = ImageReference.Parse(reference);
        return _pulls.RunAsync(
            (name.ToString(), options.Credentials),
            options.Progress,
            (progress, token) => PullAsync(name, options.Credentials, progress, token),
            cancellationToken);
    }

    private async Task<Image> PullAsync(
        ImageReference name, RegistryCredentials? credentials, IProgress<PullProgress> progress, CancellationToken cancellationToken)
    {
        try
        {
            var client = new RegistryClient(http, name, credentials, "pull", store.Time);
            var found = await client.GetManifestAsync(name.Digest?.ToString() ?? name.Tag ?? "latest", cancellationToken);
            var repositoryDigest = $"{name.Repository}@{found.Digest}";
            var manifest = await ChooseAsync(client, found, name, cancellationToken);
            var document = ImageJson.Read(manifest.Bytes, ImageJson.Manifest, $"the manifest of {name.Familiar}");
            using var session = await store.OpenSessionAsync(cancellationToken);
            await DownloadAsync(client, document, progress, cancellationToken);
            var configuration = ImageJson.Read(
                store.Blobs.ReadDocument(document.Config.Digest), ImageJson.Configuration, $"the configuration of {name.Familiar}");
            await store.UnpackAsync(session, document, configuration, cancellationToken);
            var descriptor = new Descriptor(manifest.MediaType, store.Blobs.Put(session, manifest.Bytes), manifest.Bytes.Length);
            return await store.CommitAsync(
                ImageChangeKind.Pull, descriptor, document.Config.Digest, name.Tag is null ? [] : [name], [repositoryDigest],
                cancellationToken);
        }
        catch (IOException exception) when (LinuxException.IsOutOfSpace(exception))
        {
            throw new ImageException(
                ImageErrorKind.Failed,
                $"no space left on the disk of {store.Paths.Images} for {name.Familiar} (what was downloaded is kept and gone on with)",
                exception);
        }
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
        RegistryClient client, ImageManifest manifest, IProgress<PullProgress> progress, CancellationToken cancellationToken)
    {
        var missing = manifest.Layers.Prepend(manifest.Config).DistinctBy(blob => blob.Digest).ToArray();
        return Parallel.ForEachAsync(
            missing,
            new ParallelOptions { MaxDegreeOfParallelism = ParallelDownloads, CancellationToken = cancellationToken },
            async (blob, token) => await DownloadAsync(client, blob, progress, token));
    }

    private async Task DownloadAsync(
        RegistryClient client, Descriptor blob, IProgress<PullProgress> progress, CancellationToken cancellationToken)
    {
        if (store.Blobs.ContainsWhole(blob))
        {
            progress.Report(new PullProgress(blob.Digest, "Already exists", blob.Size, blob.Size));
            return;
        }

        progress.Report(new PullProgress(blob.Digest, "Pulling fs layer", 0, blob.Size));
        using var partial = await PartialBlob.OpenAsync(store.Paths, blob.Digest, store.Time, cancellationToken);
        if (!store.Blobs.ContainsWhole(blob))
        {
            if (partial.Length > blob.Size)
            {
                partial.Restart();
            }

            if (partial.Length < blob.Size || blob.Size == 0)
            {
                await client.GetBlobAsync(
                    blob.Digest, partial.Length, (stream, offset) => CopyAsync(stream, offset, partial, blob, progress, cancellationToken),
                    cancellationToken);
            }

            partial.Commit(store.Blobs, blob.Digest);
        }

        progress.Report(new PullProgress(blob.Digest, "Pull complete", blob.Size, blob.Size));
    }

    private static async Task CopyAsync(
        Stream source, long offset, PartialBlob target, Descriptor blob, IProgress<PullProgress> progress,
        CancellationToken cancellationToken)
    {
        const long Step = 4 * 1024 * 1024;
        if (offset != target.Length)
        {
            target.Restart();
        }

        var buffer = new byte[128 * 1024];
        var reported = target.Length;
        int count;
        while ((count = await source.ReadAsync(buffer, cancellationToken)) > 0)
        {
            if (target.Length + count > blob.Size)
            {
                throw new ImageException(ImageErrorKind.Corrupt, $"blob {blob.Digest} is longer than the {blob.Size} bytes announced");
            }

            await target.AppendAsync(buffer.AsMemory(0, count), cancellationToken);
            if (target.Length - reported >= Step)
            {
                reported = target.Length;
                progress.Report(new PullProgress(blob.Digest, "Downloading", reported, blob.Size));
            }
        }
    }
}
