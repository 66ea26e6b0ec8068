namespace Coxswain.Engine.Containers;

/// <summary>
/// Containers run by runc and watched by conmon. They outlive us: state is on disk, and a new engine over the same
/// directories adopts what runs and learns how the others ended.
/// </summary>
/// <remarks>All members are safe to call concurrently. An unknown id is <see cref="ContainerNotFoundException"/>.</remarks>
public interface IContainers
{
    /// <summary>
    /// Prepares the root file system and the process, which is there (with its pid, namespaces and control group) but has
    /// not run a single instruction of the image yet. When it fails nothing is left behind.
    /// </summary>
    /// <exception cref="ContainerStartException">The command, user, working directory or a mount is wrong.</exception>
    Task<ContainerStatus> CreateAsync(ContainerSpec spec, CancellationToken cancellationToken);

    /// <summary>Lets the created process run. Starting twice is an error; to run again, create another container.</summary>
    Task<ContainerStatus> StartAsync(string id, CancellationToken cancellationToken);

    /// <summary>Signals the first process; with <paramref name="all"/> every process of the control group. False when it has exited.</summary>
    Task<bool> KillAsync(string id, int signal, CancellationToken cancellationToken, bool all = false);

    /// <summary>Sends the stop signal, after <paramref name="grace"/> SIGKILL, and completes when the container has exited.</summary>
    /// <remarks>Called again with a shorter grace, the shorter one holds.</remarks>
    Task<ContainerExit> StopAsync(string id, TimeSpan grace, CancellationToken cancellationToken);

    /// <summary>Removes all traces, killing first what still runs. Idempotent: an unknown id is success. The log file stays.</summary>
    Task RemoveAsync(string id, CancellationToken cancellationToken);

    /// <summary>The container as it is now, or null.</summary>
    ContainerStatus? Inspect(string id);

    /// <summary>All containers, oldest first.</summary>
    IReadOnlyList<ContainerStatus> List();

    /// <summary>Completes when the container has exited; at once when it already has.</summary>
    Task<ContainerExit> WaitAsync(string id, CancellationToken cancellationToken);

    /// <summary>Events from now on. Subscribe first and list then, and nothing is missed.</summary>
    IContainerEvents Subscribe();

    /// <summary>Runs another process in the container.</summary>
    /// <remarks>One that cannot be started ends with 127 (no such command) or 126, and the reason on its error stream.</remarks>
    Task<IContainerExec> ExecAsync(string id, ExecSpec spec, CancellationToken cancellationToken);

    /// <summary>Memory, processor and pids right now; null when it does not run.</summary>
    ContainerUsage? ReadUsage(string id);

    /// <summary>Makes conmon open the log path anew: call after renaming the log away.</summary>
    Task ReopenLogAsync(string id, CancellationToken cancellationToken);

    /// <summary>
    /// Streams to and from the first process, from now on. Its input needs <see cref="ContainerSpec.Stdin"/>.
    /// Disposing detaches and leaves the container running.
    /// </summary>
    Task<IContainerAttach> AttachAsync(string id, CancellationToken cancellationToken);

    /// <summary>Tells the terminal of the first process its size.</summary>
    Task ResizeAsync(string id, TerminalSize size, CancellationToken cancellationToken);

    /// <summary>Removes every container. For the end of a cluster.</summary>
    Task DeleteAllAsync(CancellationToken cancellationToken);
}
