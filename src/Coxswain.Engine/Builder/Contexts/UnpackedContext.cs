using Coxswain.Engine.Images;
using Coxswain.Engine.Images.Layers;
using Coxswain.Engine.Images.Storage;
using Coxswain.Engine.Images.Stores;

namespace Coxswain.Engine.Builder.Contexts;

/// <summary>A build context that came as an archive, unpacked below the store until this is disposed.</summary>
public sealed class UnpackedContext : IDisposable
{
    private readonly StoreSession _session;

    private UnpackedContext(StoreSession session, string directory)
    {
        _session = session;
        Directory = directory;
    }

    public string Directory { get; }

    /// <param name="archive">A tar, plain or compressed; read to its end.</param>
    /// <exception cref="ImageException">It is no tar, or a path in it leads out of the context.</exception>
    public static async Task<UnpackedContext> ReadAsync(ImageStore store, Stream archive, CancellationToken cancellationToken)
    {
        var session = await store.OpenSessionAsync(cancellationToken);
        try
        {
            var directory = session.NewPath("context");
            System.IO.Directory.CreateDirectory(directory);
            await Task.Run(() => Unpack(archive, directory, cancellationToken), cancellationToken);
            return new UnpackedContext(session, directory);
        }
        catch
        {
            session.Dispose();
            throw;
        }
    }

    public void Dispose() => _session.Dispose();

    private static void Unpack(Stream archive, string directory, CancellationToken cancellationToken)
    {
        try
        {
            using var plain = Compression.OpenRead(archive);
            LayerExtractor.ExtractInto(plain, new LayerWriter(directory, []), "", cancellationToken);
        }
        catch (InvalidDataException exception)
        {
            throw new ImageException(ImageErrorKind.Invalid, $"the build context cannot be decompressed: {exception.Message}", exception);
        }
    }
}
