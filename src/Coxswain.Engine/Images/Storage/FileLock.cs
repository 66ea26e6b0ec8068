using Coxswain.Linux.Files;
using Microsoft.Win32.SafeHandles;

namespace Coxswain.Engine.Images.Storage;

/// <summary>A lock between processes and between tasks of one, on a file. The kernel drops it when its holder dies.</summary>
internal sealed class FileLock : IDisposable
{
    private static readonly TimeSpan ShortestWait = TimeSpan.FromMilliseconds(1);
    private static readonly TimeSpan LongestWait = TimeSpan.FromMilliseconds(50);

    private readonly SafeFileHandle _file;

    private FileLock(SafeFileHandle file) => _file = file;

    /// <summary>
    /// Waits without a thread: the kernel tells nobody that a lock is free, and one kept in the call for each waiter would use up
    /// the pool when many pods start.
    /// </summary>
    public static async Task<FileLock> AcquireAsync(string path, TimeProvider time, CancellationToken cancellationToken)
    {
        var file = LockFile.Open(path, create: true);
        try
        {
            for (var wait = ShortestWait; !LockFile.TryLock(file, exclusive: true); wait = Longer(wait))
            {
                await Task.Delay(wait, time, cancellationToken);
            }

            return new FileLock(file);
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    /// <summary>Null when somebody else holds it.</summary>
    /// <exception cref="FileNotFoundException">The file is not there and is not to be made.</exception>
    public static FileLock? TryAcquire(string path, bool create = true)
    {
        var file = LockFile.Open(path, create);
        try
        {
            if (LockFile.TryLock(file, exclusive: true))
            {
                return new FileLock(file);
            }
        }
        catch
        {
            file.Dispose();
            throw;
        }

        file.Dispose();
        return null;
    }

    public void Dispose() => _file.Dispose();

    private static TimeSpan Longer(TimeSpan wait) => wait * 2 < LongestWait ? wait * 2 : LongestWait;
}
