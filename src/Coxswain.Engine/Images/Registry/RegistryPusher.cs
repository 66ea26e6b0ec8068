using Coxswain.Engine.Images.Events;
using Coxswain.Engine.Images.Stores;

namespace Coxswain.Engine.Images.Registry;

/// <summary>Puts images into registries; blobs that are there already are not sent.</summary>
public sealed class RegistryPusher
{
    private readonly ImageStore _store;
    private readonly HttpClient _http;

    internal RegistryPusher(ImageStore store, HttpClient http)
    {
        _store = store;
        _http = http;
    }

    /// <summary>Pushes an image under the name it has here; returns the manifest's digest.</summary>
    /// <param name="progress">Docker's words: <c>Layer already exists</c>, <c>Pushing</c>, <c>Pushed</c>.</param>
    public async Task<Digest> PushAsync(
        string reference, RegistryCredentials? credentials, IProgress<PullProgress>? progress, CancellationToken cancellationToken)
    {
        var name = ImageStore.ParseTag(reference);
        var image = await _store.GetAsync(name.ToString(), cancellationToken);
        var client = new RegistryClient(_http, name, credentials, "pull,push", _store.Time);
        foreach (var blob in image.Manifest.Layers.Append(image.Manifest.Config).DistinctBy(blob => blob.Digest))
        {
            if (await client.HasBlobAsync(blob.Digest, cancellationToken))
            {
                progress?.Report(new PullProgress(blob.Digest, "Layer already exists", blob.Size, blob.Size));
                continue;
            }

            progress?.Report(new PullProgress(blob.Digest, "Pushing", 0, blob.Size));
            await client.PutBlobAsync(blob.Digest, () => _store.Blobs.OpenRead(blob.Digest), cancellationToken);
            progress?.Report(new PullProgress(blob.Digest, "Pushed", blob.Size, blob.Size));
        }

        var manifest = image.ManifestDescriptor;
        await client.PutManifestAsync(
            name.Tag ?? "latest", manifest.MediaType, _store.Blobs.ReadDocument(manifest.Digest), cancellationToken);
        await _store.CommitAsync(ImageChangeKind.Push, manifest, image.Id, [], [$"{name.Repository}@{manifest.Digest}"], cancellationToken);
        return manifest.Digest;
    }
}
