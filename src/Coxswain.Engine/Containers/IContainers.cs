using Coxswain.Engine.Events;
using Coxswain.Engine.Logs;

namespace Coxswain.Engine.Containers;

/// <summary>
/// Containers are kept: a record, a writable root and a log. Their tasks run, as often as they are started: a process made by
/// runc and watched by conmon. Both outlive us: a new engine over the same directories adopts what runs and learns how the
/// others ended.
/// </summary>
/// <remarks>All members are safe to call concurrently. An unknown id is <see cref="ContainerNotFoundException"/>.</remarks>
public interface IContainers
{
    /// <summary>What happens to containers and their execs, among others.</summary>
    IEngineEvents Events { get; }

    /// <summary>Keeps a container: its record and its root file system. No process is made. When it fails nothing is left behind.</summary>
    /// <exception cref="EngineException">The spec asks for what cannot be.</exception>
    Task<ContainerStatus> CreateAsync(ContainerSpec spec, CancellationToken cancellationToken);

    /// <summary>
    /// Makes the task up to where it waits for <see cref="StartAsync"/>: the process is there, with its pid, namespaces and
    /// control group, but has not run a single instruction of the image. Idempotent. When it fails the container is as before,
    /// and its <see cref="ContainerStatus.Exit"/> says why.
    /// </summary>
    /// <exception cref="ContainerStartException">The command, user, working directory or a mount is wrong.</exception>
    Task<ContainerStatus> PrepareAsync(string id, CancellationToken cancellationToken);

    /// <summary>
    /// Lets the prepared task run, or prepares one first. After an exit this is a new task on the same root. Refused while one runs.
    /// </summary>
    /// <exception cref="ContainerStartException">As for <see cref="PrepareAsync"/>.</exception>
    Task<ContainerStatus> StartAsync(string id, CancellationToken cancellationToken);

    /// <summary>Signals the first process; with <paramref name="all"/> every process of the control group. False without a task.</summary>
    Task<bool> KillAsync(string id, int signal, CancellationToken cancellationToken, bool all = false);

    /// <summary>
    /// Sends the stop signal, after <paramref name="grace"/> SIGKILL, and completes when the task has ended; at once without one.
    /// </summary>
    /// <remarks>Called again with a shorter grace, the shorter one holds.</remarks>
    Task<ContainerExit> StopAsync(string id, TimeSpan grace, CancellationToken cancellationToken);

    /// <summary>Gives a container other limits, from now on and for its later tasks. What is null in them goes back to no limit.</summary>
    /// <exception cref="EngineException">The kernel refused: a memory limit below what is in use, for example.</exception>
    Task<ContainerStatus> UpdateAsync(string id, ContainerLimits limits, CancellationToken cancellationToken);

    /// <summary>Stops all of its processes where they are. Refused when it does not run, or is paused already.</summary>
    Task<ContainerStatus> PauseAsync(string id, CancellationToken cancellationToken);

    /// <summary>Lets a paused container go on.</summary>
    Task<ContainerStatus> ResumeAsync(string id, CancellationToken cancellationToken);

    /// <summary>Gives it another name.</summary>
    Task<ContainerStatus> RenameAsync(string id, string name, CancellationToken cancellationToken);

    /// <summary>Removes all traces, killing first what still runs. Idempotent: an unknown id is success. The log file stays.</summary>
    Task RemoveAsync(string id, CancellationToken cancellationToken);

    /// <summary>The container as it is now, or null.</summary>
    ContainerStatus? Inspect(string id);

    /// <summary>All containers, oldest first.</summary>
    IReadOnlyList<ContainerStatus> List();

    /// <summary>Completes when the condition holds, with the exit of the newest task that ended (0 when none ever did).</summary>
    Task<ContainerExit> WaitAsync(
        string id, CancellationToken cancellationToken, ContainerWaitCondition condition = ContainerWaitCondition.NotRunning);

    /// <summary>Memory, processor and pids right now; null when it does not run.</summary>
    ContainerUsage? ReadUsage(string id);

    /// <summary>Writes the log, old files of it included, as <paramref name="format"/> has it.</summary>
    /// <remarks>Following ends when the task has ended and all of its output is read.</remarks>
    Task ReadLogAsync(
        string id, LogOptions options, ILogFormat format, Stream output, CancellationToken cancellationToken);

    /// <summary>
    /// Streams to and from the first process, from now on; without a task, of the next one from its first byte. Its input needs
    /// <see cref="ContainerSpec.Stdin"/>. Disposing detaches and leaves the task running.
    /// </summary>
    Task<IContainerAttach> AttachAsync(string id, CancellationToken cancellationToken);

    /// <summary>Tells the terminal of the first process its size.</summary>
    Task ResizeAsync(string id, TerminalSize size, CancellationToken cancellationToken);

    /// <summary>Notes a further process for a running container; nothing is started.</summary>
    ExecStatus CreateExec(string id, ExecSpec spec);

    /// <summary>Starts it, once.</summary>
    /// <remarks>One that cannot be started ends with 127 (no such command) or 126, and the reason on its error stream.</remarks>
    Task<IContainerExec> StartExecAsync(string execId, CancellationToken cancellationToken);

    /// <summary>Both in one.</summary>
    Task<IContainerExec> ExecAsync(string id, ExecSpec spec, CancellationToken cancellationToken);

    /// <summary>Null when there is none of that id, or it ended and was forgotten since.</summary>
    ExecStatus? InspectExec(string execId);

    /// <summary>A container's execs, oldest first: all that run and the newest of those that ended.</summary>
    IReadOnlyList<ExecStatus> ListExecs(string id);

    Task ResizeExecAsync(string execId, TerminalSize size, CancellationToken cancellationToken);

    /// <summary>Removes every container. For the end of a cluster.</summary>
    Task DeleteAllAsync(CancellationToken cancellationToken);
}
