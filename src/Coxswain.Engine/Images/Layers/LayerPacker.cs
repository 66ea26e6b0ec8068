using Coxswain.Engine.Images.Documents;
using Coxswain.Engine.Images.Storage;

namespace Coxswain.Engine.Images.Layers;

/// <summary>From a filled directory to a layer of the store: its tar is written and hashed in one pass, the directory is renamed.</summary>
internal static class LayerPacker
{
    public static PackedLayer Pack(
        BlobStore blobs, LayerStore layers, StoreSession session, string content, Digest? parentChainId, CancellationToken cancellationToken)
    {
        using var blob = new BlobWriter(blobs, session);
        long size;
        using (var buffered = new BufferedStream(blob.Stream, 128 * 1024))
        {
            size = LayerTarWriter.Write(content, buffered, cancellationToken);
            buffered.Flush();
            var tarBytes = blob.Stream.Count;
            var diffId = blob.Commit();
            return new PackedLayer(
                layers.Commit(content, parentChainId, diffId, size), new Descriptor(MediaTypes.OciLayer, diffId, tarBytes));
        }
    }
}

/// <param name="Blob">Uncompressed: its digest is the layer's diff id.</param>
internal sealed record PackedLayer(UnpackedLayer Layer, Descriptor Blob);
