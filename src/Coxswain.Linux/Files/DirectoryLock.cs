using Coxswain.Linux.Interop;
using Microsoft.Win32.SafeHandles;

namespace Coxswain.Linux.Files;

/// <summary>
/// flock(2) on a directory itself: one holder at a time, no file that would be left behind, and the kernel drops it when the holder
/// dies.
/// </summary>
public sealed class DirectoryLock : IDisposable
{
    private readonly SafeFileHandle _directory;

    private DirectoryLock(SafeFileHandle directory) => _directory = directory;

    /// <summary>Null when another holder, also one in this process, has it.</summary>
    public static DirectoryLock? TryTake(string path)
    {
        var fd = LibC.openPath(path, LibC.O_RDONLY | LibC.O_DIRECTORY | LibC.O_CLOEXEC, 0);
        Failure.Check(fd, "open directory", path);
        var directory = new SafeFileHandle(fd, ownsHandle: true);
        try
        {
            if (LockFile.TryLock(directory, exclusive: true))
            {
                return new DirectoryLock(directory);
            }
        }
        catch
        {
            directory.Dispose();
            throw;
        }

        directory.Dispose();
        return null;
    }

    public void Dispose() => _directory.Dispose();
}
