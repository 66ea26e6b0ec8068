using Coxswain.Linux.Interop;
using Coxswain.Linux.Processes;

namespace Coxswain.Linux.Files;

/// <summary>Releases a process that waits to write into a FIFO, by reading from it.</summary>
public sealed class FifoGate(KernelEvents events)
{
    /// <summary>
    /// Opens the FIFO, waits for the other side's word and then for it to close the FIFO, which it does at the latest by
    /// executing another program. False when the FIFO is missing, or the other side ended without a word.
    /// </summary>
    /// <param name="waitForEnd">Completes when the other side has ended, which may be right after its word.</param>
    public async Task<bool> OpenAsync(
        string path, Func<CancellationToken, Task> waitForEnd, CancellationToken cancellationToken)
    {
        var fd = LibC.open(path, LibC.O_RDONLY | LibC.O_NONBLOCK | LibC.O_CLOEXEC, 0);
        if (fd < 0)
        {
            var errno = LibC.Errno;
            return errno == LibC.ENOENT ? false : throw new LinuxException($"open {path}", errno);
        }

        using var over = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var end = waitForEnd(over.Token);
        try
        {
            await WaitAsync(fd, end, over);
            cancellationToken.ThrowIfCancellationRequested();
            // Also after the end: a word that was said is still in the FIFO, as we hold it open.
            if (!HasByte(fd))
            {
                return false;
            }

            await WaitAsync(fd, end, over);
            cancellationToken.ThrowIfCancellationRequested();
            return true;
        }
        finally
        {
            await over.CancelAsync();
            await end.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            _ = LibC.close(fd);
        }
    }

    private async Task WaitAsync(int fd, Task end, CancellationTokenSource over)
    {
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(over.Token);
        var readable = events.WaitReadableAsync(fd, ended.Token);
        await Task.WhenAny(readable, end);
        await ended.CancelAsync();
        await readable.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    private static unsafe bool HasByte(int fd)
    {
        byte one;
        return LibC.read(fd, &one, 1) == 1;
    }
}
