using System.Globalization;
using Coxswain.Engine.Containers.Records;
using Coxswain.Linux.Cgroups;
using Coxswain.Linux.Files;
using Coxswain.Linux.Mounts;
using Coxswain.Linux.Processes;

namespace Coxswain.Engine.Containers.Tasks;

/// <summary>Ends a task and clears away all it left, in whatever state of being made it was. Safe to repeat.</summary>
internal sealed class TaskCleaner(ContainerPaths paths, ICgroups cgroups, IMounts mounts, IProcessWatcher watcher)
{
    /// <param name="cgroupPath">Null when nobody knows it any more.</param>
    public async Task ClearAsync(string id, string? cgroupPath, TaskRecord task, CancellationToken cancellationToken)
    {
        await EndMonitorAsync(id, task, cancellationToken);
        if (cgroupPath is not null)
        {
            await cgroups.RemoveAsync(cgroupPath, cancellationToken);
        }

        // An exec that was killed leaves a mount of runc's own binary there.
        mounts.UnmountBelow(paths.RuncState(id));
        TreeRemover.Remove(paths.RuncState(id));
        TreeRemover.Remove(paths.Bundle(id));
        File.Delete(paths.ExitFile(id));
    }

    private async Task EndMonitorAsync(string id, TaskRecord task, CancellationToken cancellationToken)
    {
        if (task.Pid != 0)
        {
            Signals.Send(task.Pid, task.PidStartTime, Signals.Kill);
            await watcher.WaitForExitAsync(task.Pid, task.PidStartTime, cancellationToken);
            await watcher.WaitForExitAsync(task.MonitorPid, task.MonitorStartTime, cancellationToken);
            return;
        }

        // Cut short while conmon was at work: without the container it has no reason to live.
        if (FindMonitor(id) is { } monitor)
        {
            var startTime = ProcessInfo.StartTime(monitor);
            Signals.Send(monitor, startTime, Signals.Kill);
            await watcher.WaitForExitAsync(monitor, startTime, cancellationToken);
        }
    }

    private int? FindMonitor(string id)
    {
        try
        {
            var pid = int.Parse(File.ReadAllText(paths.InBundle(id, "conmon.pid")), CultureInfo.InvariantCulture);
            return File.ReadAllText($"/proc/{pid}/cmdline").Contains(paths.Bundle(id), StringComparison.Ordinal) ? pid : null;
        }
        catch (Exception exception) when (exception is IOException or FormatException)
        {
            return null;
        }
    }
}
