using Coxswain.Engine.Images.Events;
using Coxswain.Engine.Images.Storage;
using Coxswain.Linux.Files;

namespace Coxswain.Engine.Images.Stores;

/// <summary>Takes images away by Docker's rules, and content when nothing refers to it any more.</summary>
internal sealed class ImageRemover(ImageStore store, ReferenceFile references, ImageEvents events)
{
    public async Task<ImageRemoval> RemoveAsync(string reference, bool force, CancellationToken cancellationToken)
    {
        var uses = await ListUsesAsync(cancellationToken);
        var untagged = new List<string>();
        var deleted = new List<Digest>();
        Digest found = default;
        await references.ChangeAsync(
            document =>
            {
                untagged.Clear();
                deleted.Clear();
                found = ImageLookup.Find(document, reference)
                    ?? throw new ImageException(ImageErrorKind.NotFound, $"no such image: {reference}");
                return Plan(document, found, reference, force, uses, untagged, deleted);
            },
            cancellationToken);
        foreach (var name in untagged)
        {
            events.Publish(ImageChangeKind.Untag, ImageReference.Parse(name).ToString(), found);
        }

        Tell(deleted);
        if (deleted.Count > 0)
        {
            await CollectAsync(everything: false, cancellationToken);
        }

        return new ImageRemoval(untagged, deleted);
    }

    public async Task<ImagePruneReport> PruneAsync(ImagePruneOptions options, CancellationToken cancellationToken)
    {
        var uses = await ListUsesAsync(cancellationToken);
        var used = uses.Select(use => use.ImageId).ToHashSet();
        var untagged = new List<string>();
        var deleted = new List<Digest>();
        await references.ChangeAsync(
            document =>
            {
                untagged.Clear();
                deleted.Clear();
                var tagged = document.Tags.Values.ToHashSet();
                foreach (var id in document.Images.Keys.Select(Digest.Parse))
                {
                    if (!used.Contains(id) && (options.All || !tagged.Contains(id)))
                    {
                        untagged.AddRange(TagsOf(document, id).Select(Familiar));
                        deleted.Add(id);
                    }
                }

                return deleted.Count == 0 ? document : Without(document, deleted);
            },
            cancellationToken);
        Tell(deleted);
        if (options.BuildCache)
        {
            new BuildCache(store.Paths).Clear();
        }

        return new ImagePruneReport(untagged, deleted, await CollectAsync(options.BuildCache, cancellationToken));
    }

    private void Tell(List<Digest> deleted)
    {
        foreach (var id in deleted)
        {
            events.Publish(ImageChangeKind.Delete, id.ToString(), id);
        }
    }

    private static ReferenceDocument Plan(
        ReferenceDocument document, Digest id, string reference, bool force, IReadOnlyList<ImageUse> uses,
        List<string> untagged, List<Digest> deleted)
    {
        var tags = TagsOf(document, id);
        var name = ImageReference.TryParse(reference, out _)?.ToString();
        if (name is not null && tags.Contains(name) && tags.Count > 1)
        {
            untagged.Add(Familiar(name));
            var remaining = new Dictionary<string, Digest>(document.Tags, StringComparer.Ordinal);
            remaining.Remove(name);
            return document with { Tags = remaining };
        }

        var byId = name is null || !tags.Contains(name);
        if (byId && !force && tags.Select(tag => ImageReference.Parse(tag).Repository).Distinct().Count() > 1)
        {
            throw new ImageException(
                ImageErrorKind.Conflict,
                $"unable to delete {id.Short} (must be forced) - image is referenced in multiple repositories");
        }

        Refuse(id, reference, force, uses);
        untagged.AddRange(tags.Select(Familiar));
        deleted.Add(id);
        return Without(document, deleted);
    }

    private static void Refuse(Digest id, string reference, bool force, IReadOnlyList<ImageUse> uses)
    {
        var used = uses.Where(use => use.ImageId == id).OrderByDescending(use => use.Running).FirstOrDefault();
        if (used is { Running: true })
        {
            throw new ImageException(
                ImageErrorKind.Conflict,
                $"unable to remove {reference} (cannot be forced) - image is being used by running container {Short(used.ContainerId)}");
        }

        if (used is not null && !force)
        {
            throw new ImageException(
                ImageErrorKind.Conflict,
                $"unable to remove {reference} (must be forced) - image is being used by stopped container {Short(used.ContainerId)}");
        }
    }

    /// <summary>
    /// Removes blobs and layers that no image, builder step or container refers to; returns the bytes freed. While somebody adds
    /// content it does nothing: the next removal will.
    /// </summary>
    /// <param name="everything">Also begun downloads, and what cache mounts keep.</param>
    private async Task<long> CollectAsync(bool everything, CancellationToken cancellationToken)
    {
        using var session = await store.OpenSessionAsync(cancellationToken);
        // Sessions are opened under this lock: whoever is not here yet can only begin when the sweep is over.
        using var held = await FileLock.AcquireAsync(store.Paths.Lock, store.Time, cancellationToken);
        if (!session.IsAlone(store.Paths))
        {
            return 0;
        }

        // Only now: a lease that was still held a moment ago may have become a container.
        var inUse = store.Usage is null ? [] : await store.Usage.ListLayerDirectoriesAsync(cancellationToken);
        return await Task.Run(() => Sweep(session, inUse) + SweepLeftovers(everything), cancellationToken);
    }

    /// <summary>Nobody downloads or builds, so nothing of it is in use.</summary>
    private long SweepLeftovers(bool everything)
    {
        PartialBlob.Sweep(store.Paths, store.Time, everything);
        if (!everything)
        {
            return 0;
        }

        long freed = 0;
        TreeWalker.Walk(store.Paths.CacheMounts, entry => freed += entry.Status.IsRegular ? entry.Status.AllocatedBytes : 0);
        TreeRemover.RemoveContents(store.Paths.CacheMounts);
        return freed;
    }

    private long Sweep(StoreSession session, IReadOnlyCollection<string> layersInUse)
    {
        var blobs = new HashSet<Digest>();
        var chains = new HashSet<Digest>();
        var document = references.Read();
        foreach (var id in document.Images.Keys)
        {
            if (store.TryLoad(document, Digest.Parse(id)) is not { } image)
            {
                continue;
            }

            blobs.Add(image.Id);
            blobs.Add(image.ManifestDescriptor.Digest);
            blobs.UnionWith(image.Manifest.Layers.Select(layer => layer.Digest));
            chains.UnionWith(ChainId.All(image.Configuration.RootFilesystem.DiffIds));
        }

        foreach (var record in new BuildCache(store.Paths).List())
        {
            if (record is { Layer: { } layer, ChainId: { } chain })
            {
                blobs.Add(layer.Digest);
                chains.Add(chain);
            }
        }

        blobs.UnionWith(new RegistryFile(store.Paths).Roots(store.Time.GetUtcNow()));
        var used = layersInUse.Select(directory => Path.GetFullPath(directory)).ToHashSet(StringComparer.Ordinal);
        long freed = 0;
        foreach (var digest in store.Blobs.List().Where(digest => !blobs.Contains(digest)).ToArray())
        {
            freed += store.Blobs.SizeOf(digest);
            store.Blobs.Remove(digest);
        }

        foreach (var chain in store.Layers.List().Where(chain => !chains.Contains(chain)).ToArray())
        {
            if (store.Layers.Find(chain) is { } layer && !used.Contains(layer.Directory))
            {
                freed += layer.SizeBytes;
                store.Layers.Remove(chain, session);
            }
        }

        return freed;
    }

    private async Task<IReadOnlyList<ImageUse>> ListUsesAsync(CancellationToken cancellationToken) =>
        store.Usage is null ? [] : await store.Usage.ListAsync(cancellationToken);

    private static List<string> TagsOf(ReferenceDocument document, Digest id) =>
        [.. document.Tags.Where(tag => tag.Value == id).Select(tag => tag.Key).Order(StringComparer.Ordinal)];

    private static ReferenceDocument Without(ReferenceDocument document, List<Digest> ids) => new()
    {
        Images = document.Images.Where(image => !ids.Contains(Digest.Parse(image.Key))).ToDictionary(),
        Tags = document.Tags.Where(tag => !ids.Contains(tag.Value)).ToDictionary(),
    };

    private static string Familiar(string reference) => ImageReference.Parse(reference).Familiar;

    private static string Short(string containerId) => containerId.Length > 12 ? containerId[..12] : containerId;
}
