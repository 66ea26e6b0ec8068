using Coxswain.Engine.Images.Documents;
using Coxswain.Engine.Images.Events;
using Coxswain.Engine.Images.Layers;
using Coxswain.Engine.Images.Storage;
using Coxswain.Engine.Images.Stores;

namespace Coxswain.Engine.Images.Archives;

/// <summary>Makes an image of what a container has written on top of its own.</summary>
public sealed class ContainerCommitter(ImageStore store)
{
    /// <param name="upperDirectory">In overlayfs' form; it stays as it is.</param>
    /// <param name="isLeftOut">Paths without a slash in front that are not the container's own.</param>
    /// <param name="tag">Null for an image without a name.</param>
    public async Task<Image> CommitAsync(
        Image parent, string upperDirectory, Func<string, bool> isLeftOut, ContainerConfig config, string author, string comment, string? tag,
        CancellationToken cancellationToken)
    {
        var name = tag is null ? null : ImageStore.ParseTag(tag);
        using var session = await store.OpenSessionAsync(cancellationToken);
        var (layer, diffId) = await Task.Run(() => Pack(session, upperDirectory, isLeftOut, cancellationToken), cancellationToken);
        var now = store.Time.GetUtcNow();
        var configuration = parent.Configuration with
        {
            Created = now,
            Author = author.Length > 0 ? author : parent.Configuration.Author,
            Config = config,
            RootFilesystem = new RootFilesystemDescription { DiffIds = [.. parent.Configuration.RootFilesystem.DiffIds, diffId] },
            History =
            [
                .. parent.Configuration.History ?? [],
                new HistoryEntry
                {
                    Created = now,
                    CreatedBy = string.Join(' ', [.. config.Entrypoint ?? [], .. config.Cmd ?? []]),
                    Author = author.Length > 0 ? author : null,
                    Comment = comment.Length > 0 ? comment : null,
                },
            ],
        };
        var image = await store.AddAsync(
            ImageChangeKind.Import, session, configuration, [.. parent.Manifest.Layers, layer], name is null ? [] : [name], cancellationToken);
        await store.UnpackAsync(session, image.Manifest, image.Configuration, cancellationToken);
        return image;
    }

    private (Descriptor Layer, Digest DiffId) Pack(
        StoreSession session, string directory, Func<string, bool> isLeftOut, CancellationToken cancellationToken)
    {
        using var blob = new BlobWriter(store.Blobs, session);
        using var buffered = new BufferedStream(blob.Stream, 128 * 1024);
        LayerTarWriter.Write(directory, buffered, cancellationToken, isLeftOut);
        buffered.Flush();
        var size = blob.Stream.Count;
        var diffId = blob.Commit();
        return (new Descriptor(MediaTypes.OciLayer, diffId, size), diffId);
    }
}
