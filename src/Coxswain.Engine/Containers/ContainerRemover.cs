using System.Globalization;
using Coxswain.Engine.Snapshots;
using Coxswain.Linux.Cgroups;
using Coxswain.Linux.Files;
using Coxswain.Linux.Processes;

namespace Coxswain.Engine.Containers;

/// <summary>Removes every trace of a container, in whatever state of being made it was left. Safe to repeat.</summary>
internal sealed class ContainerRemover(
    ContainerPaths paths, ContainerStore store, ISnapshots snapshots, ICgroups cgroups, IProcessWatcher watcher)
{
    public async Task RemoveAsync(ContainerRecord record, CancellationToken cancellationToken)
    {
        await EndMonitorAsync(record, cancellationToken);
        await cgroups.RemoveAsync(record.CgroupPath, cancellationToken);
        TreeRemover.Remove(paths.RuncState(record.Id));
        if (record.Spec.Root.LayerDirectories is not null)
        {
            await snapshots.RemoveAsync(record.Id, cancellationToken);
        }

        TreeRemover.Remove(paths.Bundle(record.Id));
        File.Delete(paths.ExitFile(record.Id));
        // Last: as long as anything is left, the record says that it must go.
        store.Delete(record.Id);
    }

    private async Task EndMonitorAsync(ContainerRecord record, CancellationToken cancellationToken)
    {
        if (record.Pid != 0)
        {
            Signals.Send(record.Pid, record.PidStartTime, Signals.Kill);
            await watcher.WaitForExitAsync(record.Pid, record.PidStartTime, cancellationToken);
            await watcher.WaitForExitAsync(record.MonitorPid, record.MonitorStartTime, cancellationToken);
            return;
        }

        // Cut short while conmon was at work: without the container it has no reason to live.
        if (FindMonitor(record.Id) is { } monitor)
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
