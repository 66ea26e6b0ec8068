using Coxswain.Engine.Images.Storage;

namespace Coxswain.Engine.Images.Layers;

/// <summary>From a layer's blob to its directory, checking that the content is what the image says.</summary>
internal static class LayerUnpacker
{
    /// <param name="below">The layers it goes on, the lowest first.</param>
    public static UnpackedLayer Unpack(
        BlobStore blobs, LayerStore layers, StoreSession session, Digest blob, Digest diffId, IReadOnlyList<UnpackedLayer> below,
        CancellationToken cancellationToken)
    {
        using var file = blobs.OpenRead(blob);
        var content = LayerStore.NewContent(session);
        using var plain = Compression.OpenRead(file);
        using var tar = new HashingStream(plain);
        long size;
        try
        {
            size = LayerExtractor.Extract(tar, content, [.. below.Reverse().Select(layer => layer.Directory)], cancellationToken);
        }
        catch (InvalidDataException exception)
        {
            throw new ImageException(ImageErrorKind.Corrupt, $"layer {blob} cannot be decompressed: {exception.Message}", exception);
        }

        return tar.Digest == diffId
            ? layers.Commit(content, below.Count == 0 ? null : below[^1].ChainId, diffId, size)
            : throw new ImageException(ImageErrorKind.Corrupt, $"layer {blob} unpacks to {tar.Digest}, expected {diffId}");
    }
}
