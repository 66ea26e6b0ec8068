using Coxswain.Engine.Images.Documents;
using Coxswain.Linux.Files;


namespace Coxswain.Engine.Images.Storage;

/// <summary>Content by digest. A blob is there whole or not at all: written aside, flushed, and then renamed.</summary>
internal sealed class BlobStore(StorePaths paths)
{
    public bool Contains(Digest digest) => File.Exists(paths.Blob(digest));

    /// <summary>
    /// Whether a blob is here with the length it should have. One that a crash cut off is removed, so that it can be had again.
    /// </summary>
    public bool ContainsWhole(Descriptor blob)
    {
        if (FileStatus.TryRead(paths.Blob(blob.Digest)) is not { } status)
        {
            return false;
        }

        if (status.Size == blob.Size)
        {
            return true;
        }

        Remove(blob.Digest);
        return false;
    }

    public long SizeOf(Digest digest) => new FileInfo(paths.Blob(digest)).Length;

    /// <summary>A blob to read; <see cref="ImageErrorKind.NotFound"/> when it is not here.</summary>
    public FileStream OpenRead(Digest digest)
    {
        try
        {
            return new FileStream(
                paths.Blob(digest), FileMode.Open, FileAccess.Read, FileShare.Read | FileShare.Delete, bufferSize: 128 * 1024);
        }
        catch (FileNotFoundException exception)
        {
            throw new ImageException(ImageErrorKind.NotFound, $"blob {digest} is not in the store", exception);
        }
    }

    /// <summary>A manifest or configuration, small enough to be read at once.</summary>
    public byte[] ReadDocument(Digest digest)
    {
        using var blob = OpenRead(digest);
        if (blob.Length > DocumentChecks.MostDocumentBytes)
        {
            throw new ImageException(ImageErrorKind.Invalid, $"document {digest} is too large ({blob.Length} bytes)");
        }

        var content = new byte[blob.Length];
        blob.ReadExactly(content);
        return Digest.Of(content) == digest
            ? content
            : throw new ImageException(ImageErrorKind.Corrupt, $"document {digest} is damaged in the store");
    }

    public Digest Put(StoreSession session, ReadOnlySpan<byte> content)
    {
        var digest = Digest.Of(content);
        if (!Contains(digest))
        {
            using var writer = new BlobWriter(this, session);
            writer.Stream.Write(content);
            writer.Commit(digest);
        }

        return digest;
    }

    /// <summary>Takes over a finished file of the session as a blob; its digest must be right already.</summary>
    public void Adopt(string file, Digest digest)
    {
        if (Contains(digest))
        {
            File.Delete(file);
            return;
        }

        using (var handle = File.OpenHandle(file, FileMode.Open, FileAccess.ReadWrite))
        {
            RandomAccess.FlushToDisk(handle);
        }

        FileNodes.Rename(file, paths.Blob(digest));
        DurableFile.SyncDirectory(paths.Blobs);
    }

    public void Remove(Digest digest) => File.Delete(paths.Blob(digest));

    public IEnumerable<Digest> List()
    {
        foreach (var file in Directory.EnumerateFiles(paths.Blobs))
        {
            if (Digest.TryParse("sha256:" + Path.GetFileName(file), out var digest))
            {
                yield return digest;
            }
        }
    }
}

/// <summary>A blob being written in a session; without <see cref="Commit"/> it goes with the session.</summary>
internal sealed class BlobWriter : IDisposable
{
    private readonly BlobStore _store;
    private readonly string _path;
    private readonly FileStream _file;

    public BlobWriter(BlobStore store, StoreSession session)
    {
        _store = store;
        _path = session.NewPath("blob");
        _file = new FileStream(_path, FileMode.CreateNew, FileAccess.Write, FileShare.None, bufferSize: 128 * 1024);
        Stream = new HashingStream(_file);
    }

    public HashingStream Stream { get; }

    /// <summary>Makes it a blob; <see cref="ImageErrorKind.Corrupt"/> when another digest was expected.</summary>
    public Digest Commit(Digest? expected = null)
    {
        var digest = Stream.Digest;
        if (expected is { } wanted && wanted != digest)
        {
            throw new ImageException(ImageErrorKind.Corrupt, $"content has digest {digest}, expected {wanted}");
        }

        _file.Dispose();
        _store.Adopt(_path, digest);
        return digest;
    }

    public void Dispose()
    {
        Stream.Dispose();
        _file.Dispose();
    }
}
