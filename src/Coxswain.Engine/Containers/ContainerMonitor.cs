using System.Globalization;
using Coxswain.Linux.Cgroups;
using Coxswain.Linux.Processes;

namespace Coxswain.Engine.Containers;

/// <summary>Learns how containers end, also those that ended while nobody looked.</summary>
internal sealed class ContainerMonitor(ContainerPaths paths, ICgroups cgroups, IProcessWatcher watcher, TimeProvider time)
{
    private const int Killed = 128 + Signals.Kill;
    private const int Unknown = 255;

    /// <summary>Completes when the container has ended. conmon's own end is the sign: the exit file is then written.</summary>
    public async Task<ContainerExit> WaitAsync(ContainerEntry entry, CancellationToken cancellationToken)
    {
        var record = entry.Record;
        await watcher.WaitForExitAsync(record.MonitorPid, record.MonitorStartTime, cancellationToken);
        if (ReadExitFile(entry) is { } exit)
        {
            return exit;
        }

        // conmon was killed. The container may live on, but nobody will be told its exit code.
        await watcher.WaitForExitAsync(record.Pid, record.PidStartTime, cancellationToken);
        return ReadExitFile(entry)
            ?? new ContainerExit(Unknown, IsOomKilled(entry, Killed), time.GetUtcNow(), "the container's monitor was gone when it ended");
    }

    private ContainerExit? ReadExitFile(ContainerEntry entry)
    {
        var file = new FileInfo(paths.ExitFile(entry.Record.Id));
        if (!file.Exists)
        {
            return null;
        }

        var code = int.Parse(File.ReadAllText(file.FullName), CultureInfo.InvariantCulture);
        // conmon gives -1 when it lost its child without learning how it ended.
        return code < 0
            ? new ContainerExit(Unknown, false, file.LastWriteTimeUtc, "the container's monitor did not learn its exit code")
            : new ContainerExit(code, IsOomKilled(entry, code), file.LastWriteTimeUtc);
    }

    /// <summary>
    /// The counter says that something in the group was killed for memory. That ended the container only if it failed:
    /// with 137 when it was the first process or a shell passed it on, with any code when a child's death made it give up.
    /// </summary>
    private bool IsOomKilled(ContainerEntry entry, int code) =>
        code != 0 && !(code == Killed && entry.KillSent) && cgroups.ReadOomKills(entry.Record.CgroupPath) > 0;
}
