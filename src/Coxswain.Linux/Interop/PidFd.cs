namespace Coxswain.Linux.Interop;

/// <summary>File descriptors that stand for a process, whatever becomes of its id.</summary>
internal static class PidFd
{
    private const int PidFdSendSignal = 424;
    private const int PidFdOpen = 434;

    /// <summary>-1 when there is no such process.</summary>
    public static int Open(int pid)
    {
        var fd = (int)LibC.pidfd_open(PidFdOpen, pid, 0);
        if (fd >= 0)
        {
            return fd;
        }

        var errno = LibC.Errno;
        // EINVAL: the id is that of a thread, so the process that once had it is gone.
        return errno is LibC.ESRCH or LibC.EINVAL ? -1 : throw new LinuxException($"pidfd_open {pid}", errno);
    }

    /// <summary>False when the process has ended.</summary>
    public static bool Signal(int pidfd, int signal)
    {
        if (LibC.pidfd_send_signal(PidFdSendSignal, pidfd, signal, 0, 0) == 0)
        {
            return true;
        }

        var errno = LibC.Errno;
        return errno == LibC.ESRCH ? false : throw new LinuxException($"send signal {signal}", errno);
    }
}
