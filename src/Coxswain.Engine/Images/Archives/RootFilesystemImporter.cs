using Coxswain.Engine.Images.Documents;
using Coxswain.Engine.Images.Events;
using Coxswain.Engine.Images.Layers;
using Coxswain.Engine.Images.Storage;
using Coxswain.Engine.Images.Stores;

namespace Coxswain.Engine.Images.Archives;

/// <summary>Makes one-layer images of whole root file systems: <c>docker import</c>, and base images from Debian's archive.</summary>
public sealed class RootFilesystemImporter(ImageStore store)
{
    /// <param name="archive">A tar of the root, plain or gzip.</param>
    /// <param name="tag">Null for an image without a name.</param>
    public async Task<Image> ImportAsync(
        Stream archive, string? tag, ContainerConfig config, string comment, CancellationToken cancellationToken)
    {
        var name = tag is null ? null : ImageStore.ParseTag(tag);
        using var session = await store.OpenSessionAsync(cancellationToken);
        var (layer, diffId) = await Task.Run(() => StoreTar(archive, session), cancellationToken);
        if (store.Layers.Find(diffId) is null)
        {
            await Task.Run(() => LayerUnpacker.Unpack(store.Blobs, store.Layers, session, diffId, diffId, [], cancellationToken), cancellationToken);
        }

        return await AddAsync(session, layer, diffId, name, config, "", comment, cancellationToken);
    }

    /// <summary>Takes a directory of the session, filled as a root, for the one layer of an image.</summary>
    internal async Task<Image> AdoptAsync(
        StoreSession session, string content, ImageReference name, ContainerConfig config, string createdBy,
        CancellationToken cancellationToken)
    {
        var packed = await Task.Run(() => LayerPacker.Pack(store.Blobs, store.Layers, session, content, null, cancellationToken), cancellationToken);
        return await AddAsync(session, packed.Blob, packed.Layer.DiffId, name, config, createdBy, "", cancellationToken);
    }

    private Task<Image> AddAsync(
        StoreSession session, Descriptor layer, Digest diffId, ImageReference? name, ContainerConfig config,
        string createdBy, string comment, CancellationToken cancellationToken)
    {
        var now = store.Time.GetUtcNow();
        var configuration = new ImageConfiguration
        {
            Created = now,
            Architecture = Platform.Current.Architecture,
            OperatingSystem = Platform.Current.OperatingSystem,
            Config = config,
            RootFilesystem = new RootFilesystemDescription { DiffIds = [diffId] },
            History =
            [
                new HistoryEntry
                {
                    Created = now,
                    CreatedBy = createdBy.Length == 0 ? null : createdBy,
                    Comment = comment.Length == 0 ? null : comment,
                },
            ],
        };
        return store.AddAsync(ImageChangeKind.Import, session, configuration, [layer], name is null ? [] : [name], cancellationToken);
    }

    private (Descriptor Layer, Digest DiffId) StoreTar(Stream archive, StoreSession session)
    {
        using var plain = Compression.OpenRead(archive);
        using var blob = new BlobWriter(store.Blobs, session);
        try
        {
            plain.CopyTo(blob.Stream);
        }
        catch (InvalidDataException exception)
        {
            throw new ImageException(ImageErrorKind.Corrupt, $"the archive cannot be decompressed: {exception.Message}", exception);
        }

        var size = blob.Stream.Count;
        var digest = blob.Commit();
        return (new Descriptor(MediaTypes.OciLayer, digest, size), digest);
    }
}
