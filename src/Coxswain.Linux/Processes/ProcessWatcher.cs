using Coxswain.Linux.Interop;

namespace Coxswain.Linux.Processes;

/// <summary>Waits on pidfds, so it costs nothing while nothing ends.</summary>
public sealed class ProcessWatcher(KernelEvents events) : IProcessWatcher
{
    public async Task WaitForExitAsync(int pid, long startTime, CancellationToken cancellationToken)
    {
        var pidfd = PidFd.Open(pid);
        if (pidfd < 0)
        {
            return;
        }

        try
        {
            // Read only after the pidfd is open: from then on the id cannot pass to another process unseen.
            if (startTime != 0 && ProcessInfo.StartTime(pid) != startTime)
            {
                return;
            }

            await events.WaitReadableAsync(pidfd, cancellationToken);
        }
        finally
        {
            _ = LibC.close(pidfd);
        }
    }
}
