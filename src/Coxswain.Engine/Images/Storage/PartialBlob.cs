using System.Security.Cryptography;

namespace Coxswain.Engine.Images.Storage;

/// <summary>
/// A blob as far as it is downloaded: what a download that broke off, or met a full disk, leaves for the next to go on from. One
/// writer at a time, over all processes.
/// </summary>
internal sealed class PartialBlob : IDisposable
{
    private const int BufferBytes = 256 * 1024;
    private const string LockSuffix = ".lock";

    /// <summary>Who comes back for a download does so within minutes.</summary>
    private static readonly TimeSpan Kept = TimeSpan.FromHours(24);

    private readonly FileLock _held;
    private readonly string _path;
    private readonly FileStream _file;
    private IncrementalHash _hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);

    private PartialBlob(FileLock held, string path, FileStream file)
    {
        _held = held;
        _path = path;
        _file = file;
    }

    public long Length { get; private set; }

    public static async Task<PartialBlob> OpenAsync(
        StorePaths paths, Digest digest, TimeProvider time, CancellationToken cancellationToken)
    {
        var path = Path.Combine(paths.Partials, digest.Hex);
        var held = await FileLock.AcquireAsync(path + LockSuffix, time, cancellationToken);
        FileStream? file = null;
        try
        {
            file = new FileStream(
                path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.ReadWrite | FileShare.Delete, bufferSize: 0);
            var blob = new PartialBlob(held, path, file);
            await blob.HashWhatIsThereAsync(cancellationToken);
            return blob;
        }
        catch
        {
            file?.Dispose();
            held.Dispose();
            throw;
        }
    }

    /// <summary>Removes what nobody came back for, or all; the caller knows that nobody downloads.</summary>
    public static void Sweep(StorePaths paths, TimeProvider time, bool all)
    {
        foreach (var file in Directory.EnumerateFiles(paths.Partials))
        {
            if (all || time.GetUtcNow() - File.GetLastWriteTimeUtc(file) > Kept)
            {
                File.Delete(file);
            }
        }
    }

    public async Task AppendAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken)
    {
        await _file.WriteAsync(bytes, cancellationToken);
        _hash.AppendData(bytes.Span);
        Length += bytes.Length;
    }

    /// <summary>Begins again: the registry does not continue, or what is here is too long.</summary>
    public void Restart()
    {
        _file.SetLength(0);
        _file.Position = 0;
        _hash.Dispose();
        _hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        Length = 0;
    }

    /// <summary>Makes it a blob of the store; one that is not what was asked for is removed.</summary>
    public void Commit(BlobStore store, Digest expected)
    {
        var digest = Digest.FromHash(_hash.GetCurrentHash());
        if (digest != expected)
        {
            File.Delete(_path);
            throw new ImageException(ImageErrorKind.Corrupt, $"content has digest {digest}, expected {expected}");
        }

        _file.Dispose();
        store.Adopt(_path, digest);
    }

    public void Dispose()
    {
        _file.Dispose();
        _hash.Dispose();
        _held.Dispose();
    }

    private async Task HashWhatIsThereAsync(CancellationToken cancellationToken)
    {
        var buffer = new byte[BufferBytes];
        int count;
        while ((count = await _file.ReadAsync(buffer, cancellationToken)) > 0)
        {
            _hash.AppendData(buffer, 0, count);
            Length += count;
        }
    }
}
