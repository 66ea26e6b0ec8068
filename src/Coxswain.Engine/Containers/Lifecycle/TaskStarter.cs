using Coxswain.Engine.Containers.Records;
using Coxswain.Engine.Containers.Tasks;
using Coxswain.Linux.Files;
using Coxswain.Linux.Processes;

namespace Coxswain.Engine.Containers.Lifecycle;

/// <summary>Makes a container's next task and lets it run. Its callers hold the container's gate.</summary>
internal sealed class TaskStarter(
    ContainerPaths paths, ContainerStore store, TaskMaker maker, TaskCleaner cleaner, FifoGate gate, IProcessWatcher watcher,
    TimeProvider time)
{
    /// <summary>When it fails, nothing of the task is left and the entry says why.</summary>
    public async Task PrepareAsync(ContainerEntry entry, CancellationToken cancellationToken)
    {
        var (record, before) = (entry.Record, entry.Task);
        if (before.HasLeftovers)
        {
            await cleaner.ClearAsync(record.Id, record.CgroupPath, before with { Pid = 0 }, cancellationToken);
        }

        before = before with { Preparing = true, Pid = 0, MonitorPid = 0 };
        // On disk before anything exists: if we die half-way, the next engine knows that there is something to clear away.
        await store.SaveTaskAsync(record.Id, before, cancellationToken);
        try
        {
            var task = await maker.MakeAsync(record, before, cancellationToken);
            await store.SaveTaskAsync(record.Id, task, CancellationToken.None);
            await AttachWaitingAsync(entry, cancellationToken);
            entry.Set(task);
        }
        catch (Exception exception)
        {
            entry.TakeWaiting().ForEach(attach => attach.Close());
            await TakeBackAsync(entry, before, exception);
            throw;
        }
    }

    public async Task LetRunAsync(ContainerEntry entry, CancellationToken cancellationToken)
    {
        var (id, task) = (entry.Record.Id, entry.Task);
        cancellationToken.ThrowIfCancellationRequested();
        // Not cut short from here on: opening the FIFO lets the process run, and then it must be known as running.
        var opened = await gate.OpenAsync(
            paths.StartGate(id), token => watcher.WaitForExitAsync(task.Pid, task.PidStartTime, token), CancellationToken.None);
        if (!opened)
        {
            throw new ContainerStartException(id, 128, "the created process ended before it was started");
        }

        // What runc's own start does: without the FIFO, the container counts as started.
        File.Delete(paths.StartGate(id));
        task = AsRunning(task);
        entry.Set(task);
        await store.SaveTaskAsync(id, task, CancellationToken.None);
    }

    public TaskRecord AsRunning(TaskRecord task) => task with
    {
        State = ContainerState.Running,
        StartedAt = time.GetUtcNow(),
        LastExit = task.Exit ?? task.LastExit,
        Exit = null,
        Starts = task.Starts + 1,
    };

    private async Task AttachWaitingAsync(ContainerEntry entry, CancellationToken cancellationToken)
    {
        foreach (var attach in entry.TakeWaiting())
        {
            await attach.ConnectAsync(entry.Record.Id, paths.Bundle(entry.Record.Id), cancellationToken);
        }
    }

    private async Task TakeBackAsync(ContainerEntry entry, TaskRecord before, Exception cause)
    {
        var after = before with
        {
            Exit = cause is ContainerStartException start
                ? new ContainerExit(start.ExitCode, false, time.GetUtcNow(), start.Message)
                : before.Exit,
            LastExit = cause is ContainerStartException ? before.Exit ?? before.LastExit : before.LastExit,
        };
        try
        {
            await cleaner.ClearAsync(entry.Record.Id, entry.Record.CgroupPath, before, CancellationToken.None);
            after = after with { Preparing = false };
        }
        catch (Exception exception)
        {
            throw new EngineException(
                $"the task of container {entry.Record.Id} could not be made, nor what was made of it removed",
                new AggregateException(cause, exception));
        }
        finally
        {
            entry.Set(after);
            await store.SaveTaskAsync(entry.Record.Id, after, CancellationToken.None);
        }
    }
}
