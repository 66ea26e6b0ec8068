using System.Security.Cryptography;
using Coxswain.Linux;
using Coxswain.Linux.Files;

namespace Coxswain.Engine.Images.Storage;

/// <summary>
/// One operation that adds content: a directory for what is half done, and the promise that nobody removes new content before
/// it is referred to. When its process dies the kernel drops the lock, and the next to open the store removes the directory.
/// </summary>
internal sealed class StoreSession : IDisposable
{
    private const string LockName = "lock";

    private readonly FileLock _own;
    private int _count;

    private StoreSession(string directory, FileLock own)
    {
        Directory = directory;
        _own = own;
    }

    public string Directory { get; }

    public static async Task<StoreSession> OpenAsync(StorePaths paths, TimeProvider time, CancellationToken cancellationToken)
    {
        // Under the store's lock, so that nobody takes the directory for a dead one before its own lock is held.
        using var store = await FileLock.AcquireAsync(paths.Lock, time, cancellationToken);
        var directory = Path.Combine(paths.Sessions, RandomNumberGenerator.GetHexString(12, lowercase: true));
        System.IO.Directory.CreateDirectory(directory);
        var own = FileLock.TryAcquire(Path.Combine(directory, LockName))
            ?? throw new ImageException(ImageErrorKind.Failed, $"cannot lock the new directory {directory}");
        return new StoreSession(directory, own);
    }

    /// <summary>Whether any other session, of this or another process, may hold content that nothing refers to yet.</summary>
    public bool IsAlone(StorePaths paths)
    {
        foreach (var directory in System.IO.Directory.EnumerateDirectories(paths.Sessions))
        {
            if (directory != Directory && !IsDead(directory))
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>Directories of sessions whose process is gone, each to be cleaned and removed while the store's lock is held.</summary>
    public static IReadOnlyList<string> FindDead(StorePaths paths)
    {
        var dead = new List<string>();
        foreach (var directory in System.IO.Directory.EnumerateDirectories(paths.Sessions))
        {
            if (IsDead(directory))
            {
                dead.Add(directory);
            }
        }

        return dead;
    }

    /// <summary>A path in this session that nothing has used yet.</summary>
    public string NewPath(string kind) => Path.Combine(Directory, $"{kind}-{Interlocked.Increment(ref _count)}");

    public void Dispose()
    {
        try
        {
            // The lock file goes last: as long as it is there and held, nobody else takes the directory for a dead one.
            foreach (var name in FileNodes.Names(Directory).Where(name => name != LockName))
            {
                TreeRemover.Remove(Path.Combine(Directory, name));
            }

            TreeRemover.Remove(Directory);
        }
        catch (LinuxException) when (!System.IO.Directory.Exists(Directory))
        {
            // Another process saw it without its lock file, in the instant before it went, and removed it for us.
        }
        finally
        {
            _own.Dispose();
        }
    }

    private static bool IsDead(string directory)
    {
        try
        {
            using var own = FileLock.TryAcquire(Path.Combine(directory, LockName), create: false);
            return own is not null;
        }
        catch (FileNotFoundException)
        {
            // Killed before it had its lock, or at the very end of being removed.
            return true;
        }
    }
}
