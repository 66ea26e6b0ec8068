namespace Coxswain.Linux.Processes;

/// <summary>A child of ours. Disposing closes our ends of its streams but does not end it; it is reaped in any case.</summary>
public interface IChildProcess : IAsyncDisposable
{
    int Pid { get; }

    /// <summary>Present when the spec asked for it; the same holds for the other two.</summary>
    Stream? Input { get; }

    Stream? Output { get; }

    Stream? Error { get; }

    /// <summary>The exit code, or 128 + the signal that ended it. Completes when the process has been reaped.</summary>
    Task<int> Exited { get; }

    /// <summary>Sends a signal; false when it has already ended.</summary>
    bool Signal(int signal);
}
