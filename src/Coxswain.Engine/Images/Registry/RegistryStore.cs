using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Text.Json;
using Coxswain.Engine.Images.Documents;
using Coxswain.Engine.Images.Storage;
using Coxswain.Engine.Images.Stores;

namespace Coxswain.Engine.Images.Registry;

/// <summary>
/// The content of our own registry: the same blobs that images are made of, so that a push from this machine stores nothing twice. All
/// members are safe to call concurrently.
/// </summary>
public sealed class RegistryStore(ImageStore store) : IDisposable
{
    public const int MostManifestBytes = DocumentChecks.MostDocumentBytes;

    private const int MostRepositories = 10_000;
    private const int MostManifests = 10_000;
    private const int MostUploads = 256;

    private static readonly TimeSpan UploadLife = TimeSpan.FromHours(1);

    private readonly RegistryFile _file = new(store.Paths);
    private readonly ConcurrentDictionary<string, RegistryUpload> _uploads = new(StringComparer.Ordinal);

    public IReadOnlyList<string> ListRepositories() =>
        [.. _file.Read().Repositories.Where(pair => pair.Value.Manifests.Count > 0).Select(pair => pair.Key).Order(StringComparer.Ordinal)];

    /// <summary>In order; null when there is no such repository.</summary>
    public IReadOnlyList<string>? ListTags(string name) =>
        _file.Read().Repositories.TryGetValue(name, out var repository) ? [.. repository.Tags.Keys] : null;

    /// <summary>A blob of a repository, to be read from any place; null when it has none of that digest.</summary>
    public FileStream? OpenBlob(string name, Digest digest) => HasBlob(name, digest) ? store.Blobs.OpenRead(digest) : null;

    public bool HasBlob(string name, Digest digest) =>
        store.Blobs.Contains(digest) && _file.Read().Repositories.TryGetValue(name, out var repository) && Names(repository, digest);

    /// <summary>A manifest by tag or digest; null when there is none.</summary>
    public RegistryContent? FindManifest(string name, string reference)
    {
        if (!_file.Read().Repositories.TryGetValue(name, out var repository))
        {
            return null;
        }

        var digest = repository.Tags.GetValueOrDefault(reference, reference);
        return repository.Manifests.TryGetValue(digest, out var entry)
            ? new RegistryContent(Digest.Parse(digest), entry.MediaType, store.Blobs.ReadDocument(Digest.Parse(digest)))
            : null;
    }

    /// <summary>Manifests that are about another one, newest knowledge only.</summary>
    public IReadOnlyList<RegistryReferrer> ListReferrers(string name, Digest subject) =>
        _file.Read().Repositories.TryGetValue(name, out var repository)
            ? [.. repository.Manifests.Where(pair => pair.Value.Subject == subject.ToString())
                .Select(pair => new RegistryReferrer(
                    Digest.Parse(pair.Key), pair.Value.MediaType, pair.Value.Size, pair.Value.ArtifactType, pair.Value.Annotations))]
            : [];

    /// <summary>Makes a blob that another repository has this one's too; false when it is not there.</summary>
    public async Task<bool> MountAsync(string name, string from, Digest digest, CancellationToken cancellationToken)
    {
        if (!HasBlob(from, digest))
        {
            return false;
        }

        await ChangeAsync(name, repository => repository.Pending[digest.ToString()] = store.Time.GetUtcNow(), cancellationToken);
        return true;
    }

    /// <summary>Begins an upload; it is given up when nothing comes for an hour.</summary>
    public async Task<RegistryUpload> BeginAsync(string name, CancellationToken cancellationToken)
    {
        foreach (var (id, old) in _uploads.Where(upload => store.Time.GetUtcNow() - upload.Value.LastUsed > UploadLife).ToArray())
        {
            Drop(id, old);
        }

        if (_uploads.Count >= MostUploads)
        {
            throw new ImageException(ImageErrorKind.Failed, $"{MostUploads} uploads are under way already");
        }

        var upload = new RegistryUpload(
            RandomNumberGenerator.GetHexString(32, lowercase: true), name, await store.OpenSessionAsync(cancellationToken), store.Blobs, store.Time);
        _uploads[upload.Id] = upload;
        return upload;
    }

    public RegistryUpload? FindUpload(string name, string id) =>
        _uploads.TryGetValue(id, out var upload) && upload.Name == name ? upload : null;

    /// <exception cref="ImageException"><see cref="ImageErrorKind.Corrupt"/>: the content is not what the digest says.</exception>
    public async Task FinishAsync(RegistryUpload upload, Digest digest, CancellationToken cancellationToken)
    {
        try
        {
            upload.Commit(digest);
            // Before the upload's session ends: until then nothing is collected.
            await ChangeAsync(upload.Name, repository => repository.Pending[digest.ToString()] = store.Time.GetUtcNow(), cancellationToken);
        }
        finally
        {
            Drop(upload.Id, upload);
        }
    }

    public void Cancel(RegistryUpload upload) => Drop(upload.Id, upload);

    /// <summary>Keeps a manifest whose parts are all here, under a tag when the reference is one.</summary>
    /// <exception cref="ImageException">It is malformed, names what is not here, or is not what the digest says.</exception>
    public async Task<RegistryStored> PutManifestAsync(
        string name, string reference, string mediaType, byte[] bytes, CancellationToken cancellationToken)
    {
        var digest = Digest.Of(bytes);
        var byDigest = Digest.TryParse(reference, out var wanted);
        if (byDigest && wanted != digest)
        {
            throw new ImageException(ImageErrorKind.Corrupt, $"the manifest has digest {digest}, not {wanted}");
        }

        using var session = await store.OpenSessionAsync(cancellationToken);
        var (blobs, subject, artifactType, annotations) = Read(mediaType, bytes);
        await ChangeAsync(
            name,
            repository =>
            {
                if (blobs.FirstOrDefault(blob => !Names(repository, blob) || !store.Blobs.Contains(blob)) is { IsEmpty: false } missing)
                {
                    throw new ImageException(ImageErrorKind.NotFound, $"the manifest names {missing}, which is not here");
                }

                if (repository.Manifests.Count >= MostManifests)
                {
                    throw new ImageException(ImageErrorKind.Failed, $"{name} has {MostManifests} manifests already");
                }

                store.Blobs.Put(session, bytes);
                repository.Manifests[digest.ToString()] = new RegistryEntry(mediaType, bytes.Length, [.. blobs.Select(blob => blob.ToString())])
                {
                    Subject = subject?.ToString(),
                    ArtifactType = artifactType,
                    Annotations = annotations,
                };
                if (!byDigest)
                {
                    repository.Tags[reference] = digest.ToString();
                }
            },
            cancellationToken);
        return new RegistryStored(digest, subject);
    }

    /// <summary>Takes a tag away, or a manifest with all of its tags; false when there is none.</summary>
    public async Task<bool> DeleteManifestAsync(string name, string reference, CancellationToken cancellationToken)
    {
        var found = false;
        await ChangeAsync(
            name,
            repository =>
            {
                found = repository.Tags.Remove(reference) || repository.Manifests.Remove(reference);
                foreach (var tag in repository.Tags.Where(tag => tag.Value == reference).Select(tag => tag.Key).ToArray())
                {
                    repository.Tags.Remove(tag);
                }
            },
            cancellationToken);
        return found;
    }

    public void Dispose()
    {
        foreach (var (id, upload) in _uploads.ToArray())
        {
            Drop(id, upload);
        }
    }

    private static bool Names(RegistryRepository repository, Digest digest)
    {
        var text = digest.ToString();
        return repository.Pending.ContainsKey(text) || repository.Manifests.ContainsKey(text)
            || repository.Manifests.Values.Any(manifest => manifest.Blobs.Contains(text));
    }

    private static (IReadOnlyList<Digest> Blobs, Digest? Subject, string? ArtifactType, SortedDictionary<string, string>? Annotations) Read(
        string mediaType, byte[] bytes)
    {
        var about = ReadSubject(bytes);
        if (MediaTypes.IsIndex(mediaType))
        {
            var index = ImageJson.Read(bytes, ImageJson.Index, "the index");
            return ([.. index.Manifests.Select(manifest => manifest.Digest)], about.Subject, about.ArtifactType, null);
        }

        if (!MediaTypes.IsManifest(mediaType))
        {
            throw new ImageException(ImageErrorKind.Invalid, $"a manifest of the kind {mediaType} is not supported");
        }

        var manifest = ImageJson.Read(bytes, ImageJson.Manifest, "the manifest");
        return ([manifest.Config.Digest, .. manifest.Layers.Select(layer => layer.Digest)], about.Subject,
            about.ArtifactType ?? manifest.Config.MediaType, manifest.Annotations);
    }

    private static (Digest? Subject, string? ArtifactType) ReadSubject(byte[] bytes)
    {
        try
        {
            using var document = JsonDocument.Parse(bytes);
            var root = document.RootElement;
            Digest? subject = root.TryGetProperty("subject", out var about) && about.TryGetProperty("digest", out var digest)
                && Digest.TryParse(digest.GetString(), out var parsed) ? parsed : null;
            return (subject, root.TryGetProperty("artifactType", out var type) ? type.GetString() : null);
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException)
        {
            throw new ImageException(ImageErrorKind.Invalid, $"the manifest is not valid: {exception.Message}", exception);
        }
    }

    /// <summary>Under the store's lock, as collecting is.</summary>
    private async Task ChangeAsync(string name, Action<RegistryRepository> change, CancellationToken cancellationToken)
    {
        using var held = await FileLock.AcquireAsync(store.Paths.Lock, store.Time, cancellationToken);
        var document = _file.Read();
        if (!document.Repositories.TryGetValue(name, out var repository))
        {
            if (document.Repositories.Count >= MostRepositories)
            {
                throw new ImageException(ImageErrorKind.Failed, $"there are {MostRepositories} repositories already");
            }

            document.Repositories[name] = repository = new RegistryRepository();
        }

        foreach (var (old, _) in repository.Pending.Where(pending => store.Time.GetUtcNow() - pending.Value >= RegistryFile.PendingLife).ToArray())
        {
            repository.Pending.Remove(old);
        }

        change(repository);
        _file.Write(document);
    }

    private void Drop(string id, RegistryUpload upload)
    {
        _uploads.TryRemove(id, out _);
        upload.Dispose();
    }
}

public sealed record RegistryContent(Digest Digest, string MediaType, byte[] Bytes);

/// <param name="Subject">What it is about, when it says so.</param>
public sealed record RegistryStored(Digest Digest, Digest? Subject);

public sealed record RegistryReferrer(
    Digest Digest, string MediaType, long Size, string? ArtifactType, IReadOnlyDictionary<string, string>? Annotations);
