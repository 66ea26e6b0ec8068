using Coxswain.Engine.Images.Storage;

namespace Coxswain.Engine.Images.Stores;

/// <summary>
/// An image whose layers stay until this is disposed, whoever removes it meanwhile. Whoever makes a container holds one until the
/// container's snapshot exists, which protects them from then on.
/// </summary>
public sealed class ImageLease : IDisposable
{
    private readonly StoreSession _session;

    internal ImageLease(StoreSession session, Image image, IReadOnlyList<string> layerDirectories)
    {
        _session = session;
        Image = image;
        LayerDirectories = layerDirectories;
    }

    public Image Image { get; }

    /// <summary>The top layer first, ready to be lower directories of an overlay.</summary>
    public IReadOnlyList<string> LayerDirectories { get; }

    public void Dispose() => _session.Dispose();
}
