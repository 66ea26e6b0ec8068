using System.Collections.Concurrent;
using Coxswain.Engine.Images.Documents;
using Coxswain.Engine.Images.Events;
using Coxswain.Engine.Images.Layers;
using Coxswain.Engine.Images.Storage;
using Coxswain.Linux.Files;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace Coxswain.Engine.Images.Stores;

/// <summary>
/// The images of one data directory. Several processes may have it open at once: every change is made under a file lock, and
/// what another process changed is seen at the next call.
/// </summary>
public sealed partial class ImageStore
{
    private readonly ReferenceFile _references;
    private readonly ImageEvents _events;
    private readonly ILogger _logger;

    /// <summary>What was read of images that are there, and at most as many.</summary>
    private readonly ConcurrentDictionary<(Digest Id, Digest Manifest), Image> _images = new();

    private ImageStore(string dataDirectory, TimeProvider time, IImageUsage? usage, ILogger logger)
    {
        Paths = new StorePaths(dataDirectory);
        Blobs = new BlobStore(Paths);
        Layers = new LayerStore(Paths);
        Time = time;
        Usage = usage;
        _logger = logger;
        _events = new ImageEvents(time, logger);
        _references = new ReferenceFile(Paths, time, logger);
    }

    public IImageEvents Events => _events;

    internal int CachedImages => _images.Count;

    internal StorePaths Paths { get; }

    internal BlobStore Blobs { get; }

    internal LayerStore Layers { get; }

    internal TimeProvider Time { get; }

    internal IImageUsage? Usage { get; }

    /// <inheritdoc cref="OpenAsync(string, TimeProvider, ISessionRecovery, IImageUsage?, ILogger{ImageStore}, CancellationToken)"/>
    public static Task<ImageStore> OpenAsync(
        string dataDirectory, TimeProvider time, ISessionRecovery recovery, IImageUsage? usage, CancellationToken cancellationToken) =>
        OpenAsync(dataDirectory, time, recovery, usage, NullLogger<ImageStore>.Instance, cancellationToken);

    /// <summary>Opens or makes the store, and removes what processes that were killed left half done.</summary>
    /// <param name="recovery">Ends and unmounts what a dead session still has running.</param>
    /// <param name="usage">Who uses images; null when nobody can.</param>
    public static async Task<ImageStore> OpenAsync(
        string dataDirectory, TimeProvider time, ISessionRecovery recovery, IImageUsage? usage, ILogger<ImageStore> logger,
        CancellationToken cancellationToken)
    {
        var store = new ImageStore(dataDirectory, time, usage, logger);
        store.Paths.Create();
        using var held = await FileLock.AcquireAsync(store.Paths.Lock, time, cancellationToken);
        foreach (var dead in StoreSession.FindDead(store.Paths))
        {
            await recovery.RecoverAsync(dead, cancellationToken);
            TreeRemover.Remove(dead);
        }

        return store;
    }

    /// <summary>An image by tag, digest, id or the beginning of its id; null when there is none.</summary>
    public Task<Image?> FindAsync(string reference, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var document = _references.Read();
        var id = ImageLookup.Find(document, reference);
        return Task.FromResult(id is { } found ? TryLoad(document, found) : null);
    }

    /// <summary>An image that must be here.</summary>
    public async Task<Image> GetAsync(string reference, CancellationToken cancellationToken) =>
        await FindAsync(reference, cancellationToken)
            ?? throw new ImageException(ImageErrorKind.NotFound, $"no such image: {reference}");

    /// <summary>All images, the newest first.</summary>
    public Task<IReadOnlyList<Image>> ListAsync(CancellationToken cancellationToken)
    {
        var document = _references.Read();
        var images = new List<Image>(document.Images.Count);
        foreach (var id in document.Images.Keys)
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (TryLoad(document, Digest.Parse(id)) is { } image)
            {
                images.Add(image);
            }
        }

        images.Sort(static (a, b) => Nullable.Compare(b.Configuration.Created, a.Configuration.Created) is var order and not 0
            ? order
            : string.CompareOrdinal(a.Id.Hex, b.Id.Hex));
        return Task.FromResult<IReadOnlyList<Image>>(images);
    }

    /// <summary>
    /// Holds an image: its layers, unpacked now if they are not yet, stay until the lease is disposed, even if the image is
    /// removed meanwhile.
    /// </summary>
    /// <exception cref="ImageException"><see cref="ImageErrorKind.NotFound"/>: it was removed before it was held.</exception>
    public async Task<ImageLease> LeaseAsync(Image image, CancellationToken cancellationToken)
    {
        // While a session is open nothing is swept; so only what is still there once it is open can be counted on.
        var session = await OpenSessionAsync(cancellationToken);
        try
        {
            if (!_references.Read().Images.ContainsKey(image.Id.ToString()))
            {
                throw new ImageException(ImageErrorKind.NotFound, $"no such image: {image.Id}");
            }

            var unpacked = TryFindLayers(image.Configuration)
                ?? await UnpackAsync(session, image.Manifest, image.Configuration, cancellationToken);
            return new ImageLease(session, image, [.. unpacked.Reverse().Select(layer => layer.Directory)]);
        }
        catch
        {
            session.Dispose();
            throw;
        }
    }

    /// <summary>The directories of an image's layers, top first, to look into: who builds on them holds a lease.</summary>
    public async Task<IReadOnlyList<string>> PrepareLayersAsync(Image image, CancellationToken cancellationToken)
    {
        using var lease = await LeaseAsync(image, cancellationToken);
        return lease.LayerDirectories;
    }

    /// <summary>Gives an image another name; a name that was another image's moves in one step.</summary>
    public async Task TagAsync(string source, string target, CancellationToken cancellationToken)
    {
        var name = ParseTag(target);
        Digest tagged = default;
        await _references.ChangeAsync(
            document =>
            {
                tagged = ImageLookup.Find(document, source)
                    ?? throw new ImageException(ImageErrorKind.NotFound, $"no such image: {source}");
                return document with { Tags = With(document.Tags, [name], tagged) };
            },
            cancellationToken);
        _events.Publish(ImageChangeKind.Tag, name.ToString(), tagged);
    }

    /// <summary>How an image was made, the newest step first.</summary>
    public async Task<IReadOnlyList<ImageHistoryLine>> HistoryAsync(string reference, CancellationToken cancellationToken)
    {
        var image = await GetAsync(reference, cancellationToken);
        return ImageHistory.Of(image, Layers);
    }

    /// <summary>
    /// Removes a name, and with its last name the image and what no other image needs. As in Docker an id with several names, or
    /// an image of a stopped container, needs <paramref name="force"/>; that of a running container stays.
    /// </summary>
    public Task<ImageRemoval> RemoveAsync(string reference, bool force, CancellationToken cancellationToken) =>
        new ImageRemover(this, _references, _events).RemoveAsync(reference, force, cancellationToken);

    /// <summary>Removes images nobody names (or, with <c>All</c>, uses), then content that nothing refers to.</summary>
    public Task<ImagePruneReport> PruneAsync(ImagePruneOptions options, CancellationToken cancellationToken) =>
        new ImageRemover(this, _references, _events).PruneAsync(options, cancellationToken);

    internal Task<StoreSession> OpenSessionAsync(CancellationToken cancellationToken) =>
        StoreSession.OpenAsync(Paths, Time, cancellationToken);

    /// <summary>Writes manifest and configuration of an image whose layers are in the store, and names it.</summary>
    internal async Task<Image> AddAsync(
        ImageChangeKind kind, StoreSession session, ImageConfiguration configuration, IReadOnlyList<Descriptor> layers,
        IReadOnlyList<ImageReference> tags, CancellationToken cancellationToken)
    {
        var config = ImageJson.Write(configuration, ImageJson.Configuration);
        var manifest = new ImageManifest
        {
            MediaType = MediaTypes.OciManifest,
            Config = new Descriptor(MediaTypes.OciConfig, Blobs.Put(session, config), config.Length),
            Layers = layers,
        };
        var bytes = ImageJson.Write(manifest, ImageJson.Manifest);
        var descriptor = new Descriptor(MediaTypes.OciManifest, Blobs.Put(session, bytes), bytes.Length);
        return await CommitAsync(kind, descriptor, manifest.Config.Digest, tags, [], cancellationToken);
    }

    /// <summary>Makes an image of blobs that are all here, under the given names.</summary>
    /// <param name="kind">What its observers are told.</param>
    internal async Task<Image> CommitAsync(
        ImageChangeKind kind, Descriptor manifest, Digest id, IReadOnlyList<ImageReference> tags, IReadOnlyList<string> repositories,
        CancellationToken cancellationToken)
    {
        var now = Time.GetUtcNow();
        var document = await _references.ChangeAsync(
            document =>
            {
                var known = document.Images.GetValueOrDefault(id.ToString());
                var merged = (known?.Repositories ?? []).Union(repositories, StringComparer.Ordinal).ToArray();
                if (known is not null && known.Manifest.Digest == manifest.Digest && merged.Length == known.Repositories.Count
                    && tags.All(tag => document.Tags.TryGetValue(tag.ToString(), out var tagged) && tagged == id))
                {
                    return document;
                }

                return document with
                {
                    Images = new Dictionary<string, ImageRecord>(document.Images)
                    {
                        [id.ToString()] = new ImageRecord(manifest, known?.Added ?? now, merged),
                    },
                    Tags = With(document.Tags, tags, id),
                };
            },
            cancellationToken);
        var image = Load(document, id);
        IEnumerable<string> names = tags.Count > 0 ? tags.Select(tag => tag.ToString()) : [repositories.FirstOrDefault(id.ToString())];
        foreach (var name in names)
        {
            _events.Publish(kind, name, id);
        }

        return image;
    }

    /// <summary>
    /// Null when the image went since the document was read, or when a crash damaged it: then what is damaged is removed, so that
    /// pulling or loading it again mends it, and nobody else is kept from working.
    /// </summary>
    internal Image? TryLoad(ReferenceDocument document, Digest id)
    {
        try
        {
            return Load(document, id);
        }
        catch (ImageException exception) when (exception.Kind is ImageErrorKind.Corrupt or ImageErrorKind.Invalid)
        {
            Log.ImageDamaged(_logger, exception, id.ToString());
            RemoveDamaged(id);
            RemoveDamaged(document.Images[id.ToString()].Manifest.Digest);
            return null;
        }
        catch (ImageException exception) when (exception.Kind == ImageErrorKind.NotFound)
        {
            return null;
        }
    }

    /// <summary>The layers of an image if all are unpacked, the lowest first.</summary>
    internal IReadOnlyList<UnpackedLayer>? TryFindLayers(ImageConfiguration configuration)
    {
        var layers = new List<UnpackedLayer>();
        foreach (var chainId in ChainId.All(configuration.RootFilesystem.DiffIds))
        {
            if (Layers.Find(chainId) is not { } layer)
            {
                return null;
            }

            layers.Add(layer);
        }

        return layers;
    }

    /// <summary>Unpacks what is missing of an image, the lowest layer first.</summary>
    internal async Task<IReadOnlyList<UnpackedLayer>> UnpackAsync(
        StoreSession session, ImageManifest manifest, ImageConfiguration configuration, CancellationToken cancellationToken)
    {
        var diffIds = configuration.RootFilesystem.DiffIds;
        if (manifest.Layers.Count != diffIds.Count)
        {
            throw new ImageException(
                ImageErrorKind.Invalid,
                $"the manifest has {manifest.Layers.Count} layers and the configuration {diffIds.Count}");
        }

        // One at a time: two pods that want the same new image must not both unpack it.
        using var held = await FileLock.AcquireAsync(Paths.UnpackLock, Time, cancellationToken);
        var unpacked = new List<UnpackedLayer>();
        for (var i = 0; i < diffIds.Count; i++)
        {
            Digest? parent = unpacked.Count == 0 ? null : unpacked[^1].ChainId;
            var blob = manifest.Layers[i].Digest;
            var diffId = diffIds[i];
            unpacked.Add(Layers.Find(ChainId.Of(parent, diffId))
                ?? await Task.Run(
                    () => LayerUnpacker.Unpack(Blobs, Layers, session, blob, diffId, unpacked, cancellationToken), cancellationToken));
        }

        return unpacked;
    }

    internal Image Load(ReferenceDocument document, Digest id)
    {
        var record = document.Images.GetValueOrDefault(id.ToString())
            ?? throw new ImageException(ImageErrorKind.NotFound, $"no such image: {id}");
        var image = _images.GetOrAdd((id, record.Manifest.Digest), _ => Read(id, record));
        ForgetRemoved(document);
        var tags = new List<ImageReference>();
        foreach (var (name, tagged) in document.Tags)
        {
            if (tagged == id)
            {
                tags.Add(ImageReference.Parse(name));
            }
        }

        tags.Sort(static (a, b) => string.CompareOrdinal(a.ToString(), b.ToString()));
        return image with { Tags = tags, RepositoryDigests = record.Repositories, Added = record.Added };
    }

    /// <summary>A name that can be given to an image.</summary>
    internal static ImageReference ParseTag(string text)
    {
        var reference = ImageReference.Parse(text);
        return reference.Digest is null
            ? reference
            : throw new ImageException(ImageErrorKind.Invalid, $"cannot name an image by digest: \"{text}\"");
    }

    private void RemoveDamaged(Digest document)
    {
        try
        {
            Blobs.ReadDocument(document);
        }
        catch (ImageException exception) when (exception.Kind is ImageErrorKind.Corrupt or ImageErrorKind.Invalid)
        {
            Blobs.Remove(document);
        }
        catch (ImageException exception) when (exception.Kind == ImageErrorKind.NotFound)
        {
        }
    }

    private void ForgetRemoved(ReferenceDocument document)
    {
        if (_images.Count <= document.Images.Count)
        {
            return;
        }

        foreach (var key in _images.Keys)
        {
            if (document.Images.GetValueOrDefault(key.Id.ToString())?.Manifest.Digest != key.Manifest)
            {
                _images.TryRemove(key, out _);
            }
        }
    }

    private Image Read(Digest id, ImageRecord record)
    {
        var manifest = ImageJson.Read(Blobs.ReadDocument(record.Manifest.Digest), ImageJson.Manifest, $"manifest of {id}");
        var configuration = ImageJson.Read(Blobs.ReadDocument(id), ImageJson.Configuration, $"configuration of {id}");
        long size = 0;
        var chain = ChainId.All(configuration.RootFilesystem.DiffIds);
        for (var i = 0; i < chain.Count; i++)
        {
            size += Layers.Find(chain[i])?.SizeBytes ?? (i < manifest.Layers.Count ? manifest.Layers[i].Size : 0);
        }

        return new Image
        {
            Id = id,
            ManifestDescriptor = record.Manifest,
            Manifest = manifest,
            Configuration = configuration,
            Tags = [],
            RepositoryDigests = record.Repositories,
            SizeBytes = size,
            Added = record.Added,
        };
    }

    private static Dictionary<string, Digest> With(
        IReadOnlyDictionary<string, Digest> tags, IReadOnlyList<ImageReference> names, Digest id)
    {
        var changed = new Dictionary<string, Digest>(tags, StringComparer.Ordinal);
        foreach (var name in names)
        {
            changed[name.ToString()] = id;
        }

        return changed;
    }

    private static partial class Log
    {
        [LoggerMessage(LogLevel.Error, "Image {Image} is damaged and passed over: pull or load it again")]
        public static partial void ImageDamaged(ILogger logger, Exception exception, string image);
    }
}
