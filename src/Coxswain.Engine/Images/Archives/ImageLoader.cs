using Coxswain.Engine.Images.Documents;
using Coxswain.Engine.Images.Events;
using Coxswain.Engine.Images.Layers;
using Coxswain.Engine.Images.Storage;
using Coxswain.Engine.Images.Stores;

namespace Coxswain.Engine.Images.Archives;

/// <summary>Reads what <c>docker save</c> (old and new), <c>podman save</c>, <c>skopeo</c> or ourselves wrote.</summary>
public sealed class ImageLoader(ImageStore store)
{
    private const string NameAnnotation = "io.containerd.image.name";
    private const string TagAnnotation = "org.opencontainers.image.ref.name";

    /// <summary>Adds all images of an archive, plain or gzip. Either format: <c>manifest.json</c> or an OCI layout.</summary>
    public async Task<IReadOnlyList<LoadedImage>> LoadAsync(Stream archive, CancellationToken cancellationToken)
    {
        using var session = await store.OpenSessionAsync(cancellationToken);
        var staged = await Task.Run(() => Stage(archive, session, cancellationToken), cancellationToken);
        var found = staged.Find("manifest.json") is { } manifest
            ? FromDockerArchive(staged, manifest, session)
            : FromLayout(staged);
        var images = new List<LoadedImage>();
        foreach (var image in found)
        {
            images.Add(new LoadedImage(await AddAsync(staged, session, image, cancellationToken), image.Tags));
        }

        return images.Count > 0
            ? images
            : throw new ImageException(ImageErrorKind.Invalid, "the archive holds no image");
    }

    private static StagedArchive Stage(Stream archive, StoreSession session, CancellationToken cancellationToken)
    {
        try
        {
            return StagedArchive.Read(archive, session, cancellationToken);
        }
        catch (InvalidDataException exception)
        {
            throw new ImageException(ImageErrorKind.Corrupt, $"the archive cannot be decompressed: {exception.Message}", exception);
        }
    }

    private async Task<Image> AddAsync(
        StagedArchive staged, StoreSession session, FoundImage found, CancellationToken cancellationToken)
    {
        var manifest = ImageJson.Read(found.Manifest, ImageJson.Manifest, "the image's manifest");
        foreach (var part in manifest.Layers.Append(manifest.Config))
        {
            if (staged.FindBlob(part.Digest) is { } file)
            {
                store.Blobs.Adopt(file.Path, part.Digest);
            }
            else if (!store.Blobs.Contains(part.Digest))
            {
                throw new ImageException(ImageErrorKind.Invalid, $"the archive lacks blob {part.Digest}");
            }
        }

        var configuration = ImageJson.Read(
            store.Blobs.ReadDocument(manifest.Config.Digest), ImageJson.Configuration, "the image's configuration");
        await store.UnpackAsync(session, manifest, configuration, cancellationToken);
        var descriptor = new Descriptor(
            manifest.MediaType ?? MediaTypes.OciManifest, store.Blobs.Put(session, found.Manifest), found.Manifest.Length);
        return await store.CommitAsync(
            ImageChangeKind.Load, descriptor, manifest.Config.Digest, found.Tags, [], cancellationToken);
    }

    private List<FoundImage> FromDockerArchive(StagedArchive staged, StagedFile manifestFile, StoreSession session)
    {
        var entries = ImageJson.Read(StagedArchive.ReadDocument(manifestFile), ImageJson.DockerArchive, "manifest.json");
        var layout = LayoutManifests(staged);
        var images = new List<FoundImage>();
        foreach (var entry in entries)
        {
            var config = staged.Get(entry.Config);
            var tags = (entry.RepoTags ?? []).Select(ImageReference.Parse).ToArray();
            // Docker 25 writes both formats into one archive; its own manifest keeps the digest the image has elsewhere.
            var manifest = layout.GetValueOrDefault(config.Digest)?.Bytes ?? MakeManifest(staged, entry, config, session);
            images.Add(new FoundImage(manifest, tags));
        }

        return images;
    }

    private byte[] MakeManifest(StagedArchive staged, DockerArchiveEntry entry, StagedFile config, StoreSession session)
    {
        var layers = new List<Descriptor>();
        foreach (var name in entry.Layers)
        {
            var file = staged.Get(name);
            var present = File.Exists(file.Path) ? file.Path : store.Paths.Blob(file.Digest);
            var mediaType = Compression.IsGzipFile(present) ? MediaTypes.OciLayerGzip : MediaTypes.OciLayer;
            layers.Add(new Descriptor(mediaType, file.Digest, file.Size));
            if (File.Exists(file.Path))
            {
                store.Blobs.Adopt(file.Path, file.Digest);
            }
        }

        store.Blobs.Put(session, StagedArchive.ReadDocument(config));
        var manifest = new ImageManifest
        {
            MediaType = MediaTypes.OciManifest,
            Config = new Descriptor(MediaTypes.OciConfig, config.Digest, config.Size),
            Layers = layers,
        };
        return ImageJson.Write(manifest, ImageJson.Manifest);
    }

    private static List<FoundImage> FromLayout(StagedArchive staged)
    {
        if (staged.Find("index.json") is null)
        {
            throw new ImageException(
                ImageErrorKind.Invalid,
                "not an image archive: it has neither manifest.json nor index.json (a root file system is read by import)");
        }

        // One image may stand there under several names, an entry for each.
        return [.. LayoutManifests(staged).Values
            .Select(found => new FoundImage(found.Bytes, [.. found.Descriptors.Select(NameOf).OfType<ImageReference>()]))];
    }

    private static Dictionary<Digest, LayoutManifest> LayoutManifests(StagedArchive staged)
    {
        var manifests = new Dictionary<Digest, LayoutManifest>();
        if (staged.Find("index.json") is { } file)
        {
            var index = ImageJson.Read(StagedArchive.ReadDocument(file), ImageJson.Index, "index.json");
            foreach (var descriptor in index.Manifests)
            {
                Collect(staged, descriptor, descriptor, depth: 0, manifests);
            }
        }

        return manifests;
    }

    private static void Collect(
        StagedArchive staged, Descriptor descriptor, Descriptor named, int depth, Dictionary<Digest, LayoutManifest> manifests)
    {
        const int MaxDepth = 4;
        if (staged.FindBlob(descriptor.Digest) is not { } file || depth > MaxDepth)
        {
            // Archives of one platform may keep the index of all.
            return;
        }

        var bytes = StagedArchive.ReadDocument(file);
        if (MediaTypes.IsIndex(descriptor.MediaType))
        {
            var index = ImageJson.Read(bytes, ImageJson.Index, "an index of the archive");
            foreach (var child in index.Manifests)
            {
                if (child.Platform is null || child.Platform.Runs(Platform.Current))
                {
                    Collect(staged, child, named, depth + 1, manifests);
                }
            }
        }
        else if (MediaTypes.IsManifest(descriptor.MediaType))
        {
            var manifest = ImageJson.Read(bytes, ImageJson.Manifest, "a manifest of the archive");
            if (!manifests.TryGetValue(manifest.Config.Digest, out var found))
            {
                manifests.Add(manifest.Config.Digest, found = new LayoutManifest(bytes, []));
            }

            found.Descriptors.Add(named);
        }
    }

    /// <summary>The full name containerd writes, or the older annotation when it holds more than a tag.</summary>
    private static ImageReference? NameOf(Descriptor descriptor)
    {
        var annotations = descriptor.Annotations;
        if (annotations?.GetValueOrDefault(NameAnnotation) is { } full)
        {
            return ImageReference.TryParse(full, out _);
        }

        return annotations?.GetValueOrDefault(TagAnnotation) is { } name && name.AsSpan().ContainsAny('/', ':')
            ? ImageReference.TryParse(name, out _)
            : null;
    }

    private sealed record FoundImage(byte[] Manifest, IReadOnlyList<ImageReference> Tags);

    private sealed record LayoutManifest(byte[] Bytes, List<Descriptor> Descriptors);
}

/// <param name="Names">Those the archive gives it; it may have others from before.</param>
public sealed record LoadedImage(Image Image, IReadOnlyList<ImageReference> Names);
