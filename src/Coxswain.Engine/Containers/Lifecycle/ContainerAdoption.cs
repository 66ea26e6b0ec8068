using Coxswain.Engine.Containers.Records;
using Coxswain.Engine.Containers.Tasks;
using Coxswain.Linux.Files;
using Coxswain.Linux.Processes;
using Microsoft.Extensions.Logging;

namespace Coxswain.Engine.Containers.Lifecycle;

/// <summary>Takes over what an earlier engine left: tasks that run, and those that ended or were cut short.</summary>
internal sealed partial class ContainerAdoption(
    ContainerPaths paths, ContainerStore store, ContainerRemover remover, TaskCleaner cleaner, TaskMonitor monitor, TaskStarter starter,
    ILogger<ContainerAdoption> logger)
{
    /// <returns>Entries, those with a task to watch on marked by <see cref="TaskRecord.IsLive"/>.</returns>
    public async Task<IReadOnlyList<ContainerEntry>> LoadAsync(CancellationToken cancellationToken)
    {
        RemoveExecs();
        var entries = new List<ContainerEntry>();
        foreach (var stored in store.Load())
        {
            try
            {
                if (stored.Record is null)
                {
                    await remover.RemoveAsync(stored.Id, null, stored.Task, cancellationToken);
                    continue;
                }

                var entry = new ContainerEntry(stored.Record, stored.Task) { IsReady = true };
                await CatchUpAsync(entry, cancellationToken);
                entries.Add(entry);
            }
            catch (Exception exception) when (!cancellationToken.IsCancellationRequested)
            {
                // One that cannot be had must not keep us from the others.
                Log.NotAdopted(logger, exception, stored.Id);
            }
        }

        return entries;
    }

    private async Task CatchUpAsync(ContainerEntry entry, CancellationToken cancellationToken)
    {
        var (record, task) = (entry.Record, entry.Task);
        if (task.Preparing)
        {
            await cleaner.ClearAsync(record.Id, record.CgroupPath, task, cancellationToken);
            await SetAsync(entry, task with { Preparing = false, Pid = 0 }, cancellationToken);
            return;
        }

        if (!task.IsLive)
        {
            return;
        }

        if (task.State == ContainerState.Created && WasLetRun(record.Id, task))
        {
            File.Delete(paths.StartGate(record.Id));
            task = starter.AsRunning(task);
            entry.Set(task);
        }

        if (ProcessInfo.StartTime(task.MonitorPid) != task.MonitorStartTime && ProcessInfo.StartTime(task.Pid) != task.PidStartTime)
        {
            var exit = await monitor.WaitAsync(record, task, () => false, cancellationToken);
            await SetAsync(entry, task with { State = ContainerState.Exited, Exit = exit, Pid = 0 }, cancellationToken);
        }
    }

    /// <summary>
    /// We may have died between letting the process run, removing the FIFO and writing it down. Until it is let run, it is runc's own
    /// program, which names itself so.
    /// </summary>
    private bool WasLetRun(string id, TaskRecord task) =>
        !File.Exists(paths.StartGate(id))
        || (ProcessInfo.Name(task.Pid) is { Length: > 0 } name && !name.StartsWith("runc:[", StringComparison.Ordinal)
            && ProcessInfo.StartTime(task.Pid) == task.PidStartTime);

    /// <summary>Execs do not outlive the engine that began them, or need nothing of their directories any more.</summary>
    private void RemoveExecs()
    {
        try
        {
            TreeRemover.RemoveContents(paths.Execs);
        }
        catch (IOException exception)
        {
            Log.ExecsNotRemoved(logger, exception);
        }
    }

    private async Task SetAsync(ContainerEntry entry, TaskRecord task, CancellationToken cancellationToken)
    {
        await store.SaveTaskAsync(entry.Record.Id, task, cancellationToken);
        entry.Set(task);
    }

    private static partial class Log
    {
        [LoggerMessage(LogLevel.Error, "Container {Container} of an earlier run cannot be adopted")]
        public static partial void NotAdopted(ILogger logger, Exception exception, string container);

        [LoggerMessage(LogLevel.Warning, "What execs of an earlier run left cannot be removed")]
        public static partial void ExecsNotRemoved(ILogger logger, Exception exception);
    }
}
