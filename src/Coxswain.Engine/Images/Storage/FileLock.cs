using Coxswain.Engine.Images.Files;
using Microsoft.Win32.SafeHandles;

namespace Coxswain.Engine.Images.Storage;

/// <summary>A lock between processes and between tasks of one, on a file. The kernel drops it when its holder dies.</summary>
internal sealed class FileLock : IDisposable
{
    private readonly SafeFileHandle _file;

    private FileLock(SafeFileHandle file) => _file = file;

    public static async Task<FileLock> AcquireAsync(string path, bool exclusive, CancellationToken cancellationToken)
    {
        var file = Posix.OpenForLock(path, create: true);
        try
        {
            if (!Posix.Lock(file, exclusive, wait: false))
            {
                // Waits in the kernel: holders are short, and a woken thread needs no timer.
                await Task.Run(() => Posix.Lock(file, exclusive, wait: true), cancellationToken);
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
    public static FileLock? TryAcquire(string path, bool exclusive, bool create = true)
    {
        var file = Posix.OpenForLock(path, create);
        try
        {
            if (Posix.Lock(file, exclusive, wait: false))
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
}
