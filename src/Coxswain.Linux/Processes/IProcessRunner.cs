namespace Coxswain.Linux.Processes;

/// <summary>Runs the kernel's own tools (runc, conmon, nft, mmdebstrap ...) as child processes.</summary>
/// <remarks>Children are spawned with default signal dispositions, reaped when they end, and never inherit our files.</remarks>
public interface IProcessRunner
{
    /// <summary>Runs a command to its end and returns what it wrote. Cancellation kills it (and its session, if it has its own).</summary>
    /// <exception cref="ProcessFailedException">It could not be started, or ended with a code other than 0.</exception>
    Task<ProcessResult> RunAsync(ProcessSpec spec, CancellationToken cancellationToken);

    /// <summary>Starts a long-running child whose life and streams the caller owns.</summary>
    /// <exception cref="ProcessFailedException">It could not be started.</exception>
    IChildProcess Start(ProcessSpec spec);
}
