using Coxswain.Linux.Interop;

namespace Coxswain.Linux.Processes;

/// <summary>Signals by number and name, and sending them by process id.</summary>
public static class Signals
{
    public const int Hangup = 1;
    public const int Interrupt = 2;
    public const int Quit = 3;
    public const int Kill = 9;
    public const int User1 = 10;
    public const int User2 = 12;
    public const int Terminate = 15;

    private static readonly string[] Names =
    [
        "", "HUP", "INT", "QUIT", "ILL", "TRAP", "ABRT", "BUS", "FPE", "KILL", "USR1", "SEGV", "USR2", "PIPE", "ALRM",
        "TERM", "STKFLT", "CHLD", "CONT", "STOP", "TSTP", "TTIN", "TTOU", "URG", "XCPU", "XFSZ", "VTALRM", "PROF",
        "WINCH", "IO", "PWR", "SYS",
    ];

    /// <summary>Sends a signal; false when there is no such process. Signal 0 only asks whether it exists.</summary>
    public static bool Send(int pid, int signal)
    {
        if (LibC.kill(pid, signal) == 0)
        {
            return true;
        }

        var errno = LibC.Errno;
        return errno == LibC.ESRCH ? false : throw new LinuxException($"kill {pid} with signal {signal}", errno);
    }

    /// <summary>
    /// Signals the process that has this id and began at that time (<see cref="ProcessInfo.StartTime"/>), never a later one
    /// that got its id. False when it is gone.
    /// </summary>
    public static bool Send(int pid, long startTime, int signal)
    {
        var pidfd = PidFd.Open(pid);
        if (pidfd < 0)
        {
            return false;
        }

        try
        {
            return ProcessInfo.StartTime(pid) == startTime && PidFd.Signal(pidfd, signal);
        }
        finally
        {
            _ = LibC.close(pidfd);
        }
    }

    /// <summary>Reads "15", "TERM", "SIGTERM" or "SIGRTMIN+3"; null when it is none of these.</summary>
    public static int? Parse(string text)
    {
        if (int.TryParse(text, out var number))
        {
            return number is > 0 and <= 64 ? number : null;
        }

        var name = text.ToUpperInvariant();
        name = name.StartsWith("SIG", StringComparison.Ordinal) ? name[3..] : name;
        if (name.StartsWith("RTMIN", StringComparison.Ordinal))
        {
            return name.Length == 5 ? 34 : int.TryParse(name[5..], out var offset) && offset is >= 0 and <= 30 ? 34 + offset : null;
        }

        var index = name.Length == 0 ? -1 : Array.IndexOf(Names, name);
        return index > 0 ? index : null;
    }
}
