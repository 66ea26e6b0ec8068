using Coxswain.Linux.Interop;
using Coxswain.Linux.Processes;

namespace Coxswain.Linux.Files;

/// <summary>Releases a process that waits to write into a FIFO, by reading from it.</summary>
public sealed class FifoGate(KernelEvents events)
{
    /// <summary>
    /// Opens the FIFO and waits for the other side's word. False when the FIFO is missing or the other side closed
    /// without one. The caller cancels when the other side dies before it comes to the FIFO.
    /// </summary>
    public async Task<bool> OpenAsync(string path, CancellationToken cancellationToken)
    {
        var fd = LibC.open(path, LibC.O_RDONLY | LibC.O_NONBLOCK | LibC.O_CLOEXEC, 0);
        if (fd < 0)
        {
            var errno = LibC.Errno;
            return errno == LibC.ENOENT ? false : throw new LinuxException($"open {path}", errno);
        }

        try
        {
            await events.WaitReadableAsync(fd, cancellationToken);
            return HasByte(fd);
        }
        finally
        {
            _ = LibC.close(fd);
        }
    }

    private static unsafe bool HasByte(int fd)
    {
        byte one;
        return LibC.read(fd, &one, 1) == 1;
    }
}
