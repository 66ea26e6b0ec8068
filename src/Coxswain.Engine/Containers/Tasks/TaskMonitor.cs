using System.Globalization;
using Coxswain.Engine.Containers.Records;
using Coxswain.Linux.Cgroups;
using Coxswain.Linux.Processes;

namespace Coxswain.Engine.Containers.Tasks;

/// <summary>Learns how tasks end, also those that ended while nobody looked.</summary>
internal sealed class TaskMonitor(ContainerPaths paths, ICgroups cgroups, IProcessWatcher watcher, TimeProvider time)
{
    private const int Killed = 128 + Signals.Kill;

    /// <summary>Completes when the task has ended. conmon's own end is the sign: the exit file is then written.</summary>
    /// <param name="killSent">Whether SIGKILL was our doing, so that an end by it is not the OOM killer's.</param>
    public async Task<ContainerExit> WaitAsync(
        ContainerRecord container, TaskRecord task, Func<bool> killSent, CancellationToken cancellationToken)
    {
        await watcher.WaitForExitAsync(task.MonitorPid, task.MonitorStartTime, cancellationToken);
        if (ReadExitFile(container, killSent) is { } exit)
        {
            return exit;
        }

        // conmon was killed. The task may live on, but nobody will be told its exit code.
        await watcher.WaitForExitAsync(task.Pid, task.PidStartTime, cancellationToken);
        return ReadExitFile(container, killSent) ?? new ContainerExit(
            ContainerExit.UnknownCode,
            IsOomKilled(container, Killed, killSent),
            time.GetUtcNow(),
            "the container's monitor was gone when it ended");
    }

    /// <summary>Whether the kernel killed anything in the group for memory, as conmon noticed.</summary>
    public bool SawOom(string id) => File.Exists(paths.OomFile(id));

    private ContainerExit? ReadExitFile(ContainerRecord container, Func<bool> killSent)
    {
        var file = new FileInfo(paths.ExitFile(container.Id));
        if (!file.Exists || !int.TryParse(File.ReadAllText(file.FullName), CultureInfo.InvariantCulture, out var code))
        {
            return null;
        }

        // conmon gives -1 when it lost its child without learning how it ended.
        return code < 0
            ? new ContainerExit(
                ContainerExit.UnknownCode, false, file.LastWriteTimeUtc, "the container's monitor did not learn its exit code")
            : new ContainerExit(code, IsOomKilled(container, code, killSent), file.LastWriteTimeUtc);
    }

    /// <summary>
    /// The counter says that something in the group was killed for memory. That ended the container only if it failed:
    /// with 137 when it was the first process or a shell passed it on, with any code when a child's death made it give up.
    /// </summary>
    private bool IsOomKilled(ContainerRecord container, int code, Func<bool> killSent) =>
        code != 0 && !(code == Killed && killSent()) && cgroups.ReadOomKills(container.CgroupPath) > 0;
}
