using System.Text.Json;
using System.Text.Json.Serialization;
using Coxswain.Linux.Files;

namespace Coxswain.Engine.Images.Storage;

/// <summary>Unpacked layers by chain id, each under all the layers below it, shared by every image that starts alike.</summary>
internal sealed class LayerStore(StorePaths paths)
{
    private const string DescriptionName = "layer.json";
    private const string ContentName = "fs";

    /// <summary>The layer of a chain, or null when it is not unpacked, or damaged.</summary>
    public UnpackedLayer? Find(Digest chainId)
    {
        var directory = paths.Layer(chainId);
        DurableFile.ReadJson(
            Path.Combine(directory, DescriptionName), LayerJsonContext.Default.LayerDescription, out var description);
        return description is null
            ? null
            : new UnpackedLayer(chainId, Path.Combine(directory, ContentName), description.DiffId, description.SizeBytes);
    }

    /// <summary>A directory of the session to fill; its path is what <see cref="Commit"/> takes.</summary>
    public static string NewContent(StoreSession session)
    {
        var content = Path.Combine(session.NewPath("layer"), ContentName);
        Directory.CreateDirectory(content);
        FileMetadata.ChangeMode(content, 0x1ED);
        return content;
    }

    /// <summary>
    /// Puts filled content in its place, in one rename and only once its files are on disk: a power cut must not leave a layer
    /// that is there but empty. When another process was faster, ours is dropped.
    /// </summary>
    public UnpackedLayer Commit(string content, Digest? parentChainId, Digest diffId, long sizeBytes)
    {
        var staged = Path.GetDirectoryName(content) ?? throw new ArgumentException("not a layer's content", nameof(content));
        var description = new LayerDescription(diffId, parentChainId?.ToString(), sizeBytes);
        File.WriteAllBytes(
            Path.Combine(staged, DescriptionName),
            JsonSerializer.SerializeToUtf8Bytes(description, LayerJsonContext.Default.LayerDescription));
        var chainId = ChainId.Of(parentChainId, diffId);
        DurableFile.SyncFileSystem(staged);
        var moved = FileNodes.TryRenameDirectory(staged, paths.Layer(chainId));
        if (!moved && Find(chainId) is null)
        {
            // What is there was cut off by a crash, and no container was ever started on it.
            TreeRemover.Remove(paths.Layer(chainId));
            moved = FileNodes.TryRenameDirectory(staged, paths.Layer(chainId));
        }

        if (moved)
        {
            DurableFile.SyncDirectory(paths.Layers);
        }
        else
        {
            TreeRemover.Remove(staged);
        }

        return Find(chainId) ?? throw new ImageException(ImageErrorKind.Failed, $"layer {chainId} vanished while it was added");
    }

    public IEnumerable<Digest> List()
    {
        foreach (var directory in Directory.EnumerateDirectories(paths.Layers))
        {
            if (Digest.TryParse("sha256:" + Path.GetFileName(directory), out var digest))
            {
                yield return digest;
            }
        }
    }

    /// <summary>Removes a layer; moved aside first, so that a kill in between leaves no half of it.</summary>
    public void Remove(Digest chainId, StoreSession session)
    {
        var aside = session.NewPath("removed");
        FileNodes.Rename(paths.Layer(chainId), aside);
        TreeRemover.Remove(aside);
    }
}

/// <param name="Directory">Usable as an overlay lower directory.</param>
internal sealed record UnpackedLayer(Digest ChainId, string Directory, Digest DiffId, long SizeBytes);

internal sealed record LayerDescription(Digest DiffId, string? Parent, long SizeBytes);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(LayerDescription))]
internal sealed partial class LayerJsonContext : JsonSerializerContext;
