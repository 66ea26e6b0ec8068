using System.Collections.Concurrent;
using System.Globalization;
using Coxswain.Engine.Containers.Execs;
using Coxswain.Engine.Containers.Records;
using Coxswain.Engine.Containers.Tasks;
using Coxswain.Engine.Events;
using Coxswain.Engine.Logs;
using Coxswain.Linux.Cgroups;
using Coxswain.Linux.Processes;
using Microsoft.Extensions.Logging;

namespace Coxswain.Engine.Containers.Lifecycle;

/// <summary>The verbs of containers, over the records in memory and on disk.</summary>
internal sealed partial class ContainerManager(
    ContainerPaths paths,
    ContainerStore store,
    ContainerCreator creator,
    ContainerRemover remover,
    ContainerAdoption adoption,
    TaskStarter starter,
    TaskMonitor monitor,
    TaskUpdater updater,
    TaskFreezer freezer,
    ExecManager execs,
    LogReader logs,
    ICgroups cgroups,
    IEngineEvents events,
    TimeProvider time,
    ILogger<ContainerManager> logger) : IContainers, IAsyncDisposable
{
    /// <summary>How soon the end of a task is watched for again after that failed.</summary>
    private static readonly TimeSpan WatchRetry = TimeSpan.FromSeconds(1);

    /// <summary>No timer takes more than 49.7 days; who wants to wait for longer waits so long.</summary>
    private static readonly TimeSpan MostGrace = TimeSpan.FromDays(49);

    private readonly ConcurrentDictionary<string, ContainerEntry> _entries = new(StringComparer.Ordinal);
    private readonly Lock _parentGroups = new();
    private readonly CancellationTokenSource _stopping = new();
    private OomWatch? _oomWatch;

    public IEngineEvents Events { get; } = events;

    /// <summary>Takes over what an earlier engine left, the first time it is called. To be called before anything else.</summary>
    public async Task AdoptAsync(CancellationToken cancellationToken)
    {
        if (_oomWatch is not null)
        {
            return;
        }

        paths.CreateDirectories();
        _oomWatch = new OomWatch(paths, OnOom);
        foreach (var entry in await adoption.LoadAsync(cancellationToken))
        {
            if (_entries.TryAdd(entry.Record.Id, entry) && entry.Task.IsLive)
            {
                Watch(entry);
            }
        }
    }

    public async Task<ContainerStatus> CreateAsync(ContainerSpec spec, CancellationToken cancellationToken)
    {
        var entry = new ContainerEntry(creator.Describe(spec), new TaskRecord());
        var id = entry.Record.Id;
        lock (_parentGroups)
        {
            if (!_entries.TryAdd(id, entry))
            {
                throw new ContainerStateException(id, "exists already");
            }
        }

        try
        {
            await creator.CreateAsync(entry.Record, cancellationToken);
        }
        catch
        {
            _entries.TryRemove(id, out _);
            throw;
        }

        entry.IsReady = true;
        return Publish(EngineEventType.ContainerCreated, entry);
    }

    public Task<ContainerStatus> PrepareAsync(string id, CancellationToken cancellationToken) => WithGateAsync(
        id,
        async entry =>
        {
            if (entry.Live is null)
            {
                await starter.PrepareAsync(entry, cancellationToken);
                Watch(entry);
            }

            return entry.Status;
        },
        cancellationToken);

    public Task<ContainerStatus> StartAsync(string id, CancellationToken cancellationToken) => WithGateAsync(
        id,
        async entry =>
        {
            if (entry.Task.State == ContainerState.Running)
            {
                throw new ContainerStateException(id, "is running already");
            }

            if (entry.Live is null)
            {
                await starter.PrepareAsync(entry, cancellationToken);
                Watch(entry);
            }

            await starter.LetRunAsync(entry, cancellationToken);
            // Inside the gate, which the exit needs too: nobody hears of an exit before the start.
            return Publish(EngineEventType.ContainerStarted, entry);
        },
        cancellationToken);

    public Task<bool> KillAsync(string id, int signal, CancellationToken cancellationToken, bool all = false)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var entry = Find(id);
        return Task.FromResult(entry.Live is { } live && Kill(entry, live, signal, all));
    }

    public async Task<ContainerExit> StopAsync(string id, TimeSpan grace, CancellationToken cancellationToken)
    {
        var entry = Find(id);
        // A task that is just being made is waited for, or it would run on after the stop.
        var (live, task) = await WithGateAsync(id, entry => Task.FromResult((entry.Live, entry.Task)), cancellationToken);
        if (live is null)
        {
            return ExitOf(entry);
        }

        // A created process is still runc's, which does not heed the image's signal.
        if (task.State == ContainerState.Running && grace > TimeSpan.Zero)
        {
            var signal = Signals.Parse(entry.Record.Spec.StopSignal) ?? Signals.Terminate;
            if (live.TryBeginStop())
            {
                Kill(entry, live, signal, all: false);
            }

            try
            {
                return await live.Exited.Task.WaitAsync(grace < MostGrace ? grace : MostGrace, time, cancellationToken);
            }
            catch (TimeoutException)
            {
                Log.GraceIsOver(logger, id, grace);
            }
        }

        Kill(entry, live, Signals.Kill, all: false);
        return await live.Exited.Task.WaitAsync(cancellationToken);
    }

    public Task<ContainerStatus> UpdateAsync(string id, ContainerLimits limits, CancellationToken cancellationToken) => WithGateAsync(
        id,
        async entry =>
        {
            if (entry.Live is not null)
            {
                await updater.UpdateAsync(entry.Record, limits, cancellationToken);
            }

            var record = entry.Record with { Spec = entry.Record.Spec with { Limits = limits } };
            await store.SaveAsync(record, CancellationToken.None);
            entry.Record = record;
            return entry.Status;
        },
        cancellationToken);

    public Task<ContainerStatus> PauseAsync(string id, CancellationToken cancellationToken) => WithGateAsync(
        id,
        async entry =>
        {
            if (entry.Task is not { State: ContainerState.Running, Paused: false })
            {
                throw new ContainerStateException(id, entry.Task.Paused ? "is already paused" : "is not running");
            }

            await freezer.FreezeAsync(id, cancellationToken);
            entry.Set(entry.Task with { Paused = true });
            await store.SaveTaskAsync(id, entry.Task, CancellationToken.None);
            return Publish(EngineEventType.ContainerPaused, entry);
        },
        cancellationToken);

    public Task<ContainerStatus> ResumeAsync(string id, CancellationToken cancellationToken) => WithGateAsync(
        id,
        async entry =>
        {
            if (!entry.Task.Paused)
            {
                throw new ContainerStateException(id, "is not paused");
            }

            await freezer.ThawAsync(id, cancellationToken);
            entry.Set(entry.Task with { Paused = false });
            await store.SaveTaskAsync(id, entry.Task, CancellationToken.None);
            return Publish(EngineEventType.ContainerUnpaused, entry);
        },
        cancellationToken);

    public Task<ContainerStatus> RenameAsync(string id, string name, CancellationToken cancellationToken) => WithGateAsync(
        id,
        async entry =>
        {
            var record = entry.Record with { Spec = entry.Record.Spec with { Name = name } };
            await store.SaveAsync(record, CancellationToken.None);
            entry.Record = record;
            return Publish(EngineEventType.ContainerRenamed, entry);
        },
        cancellationToken);

    public async Task RemoveAsync(string id, CancellationToken cancellationToken)
    {
        if (!_entries.TryGetValue(id, out var entry) || !entry.IsReady)
        {
            return;
        }

        while (!await TryRemoveAsync(entry, cancellationToken))
        {
        }
    }

    public ContainerStatus? Inspect(string id) =>
        _entries.TryGetValue(id, out var entry) && entry.IsReady ? entry.Status : null;

    public IReadOnlyList<ContainerStatus> List() =>
        [.. _entries.Values.Where(entry => entry.IsReady).Select(entry => entry.Status)
            .OrderBy(status => status.CreatedAt).ThenBy(status => status.Id, StringComparer.Ordinal)];

    public async Task<ContainerExit> WaitAsync(
        string id, CancellationToken cancellationToken, ContainerWaitCondition condition = ContainerWaitCondition.NotRunning)
    {
        var entry = Find(id);
        switch (condition)
        {
            case ContainerWaitCondition.NextExit:
                return await entry.NextExit.WaitAsync(cancellationToken);
            case ContainerWaitCondition.Removed:
                await entry.Removed.Task.WaitAsync(cancellationToken);
                return ExitOf(entry);
            default:
                return entry is { Live: { } live, Task.State: ContainerState.Running }
                    ? await live.Exited.Task.WaitAsync(cancellationToken)
                    : ExitOf(entry);
        }
    }

    public ContainerUsage? ReadUsage(string id) =>
        Find(id) is { Task.State: ContainerState.Running, Record: var record } && cgroups.ReadUsage(record.CgroupPath) is { } usage
            ? ContainerUsage.Of(usage, time.GetUtcNow())
            : null;

    public Task ReadLogAsync(string id, LogOptions options, ILogFormat format, Stream output, CancellationToken cancellationToken)
    {
        var entry = Find(id);
        return entry.Record.Spec.LogPath is { } path
            ? logs.ReadAsync(
                path, options with { OldFiles = true }, format, output,
                () => entry.IsRemoved || entry.Task.State != ContainerState.Running, cancellationToken)
            : throw new EngineException($"container {id} keeps no log");
    }

    public Task<IContainerAttach> AttachAsync(string id, CancellationToken cancellationToken) => WithGateAsync<IContainerAttach>(
        id,
        async entry =>
        {
            var attach = new ContainerAttach();
            if (entry.Live is null)
            {
                entry.Wait(attach);
            }
            else
            {
                await attach.ConnectAsync(id, paths.Bundle(id), cancellationToken);
            }

            return attach;
        },
        cancellationToken);

    public Task ResizeAsync(string id, TerminalSize size, CancellationToken cancellationToken) =>
        Find(id).Live is not null
            ? ConmonControl.ResizeAsync(paths.Bundle(id), size, cancellationToken)
            : throw new ContainerStateException(id, "is not running");

    public ExecStatus CreateExec(string id, ExecSpec spec) => execs.Create(Running(id).Record, spec);

    public Task<IContainerExec> StartExecAsync(string execId, CancellationToken cancellationToken)
    {
        var exec = execs.Find(execId) ?? throw new ExecNotFoundException(execId);
        return execs.StartAsync(Running(exec.Status.ContainerId).Record, execId, cancellationToken);
    }

    public Task<IContainerExec> ExecAsync(string id, ExecSpec spec, CancellationToken cancellationToken) =>
        StartExecAsync(CreateExec(id, spec).Id, cancellationToken);

    public ExecStatus? InspectExec(string execId) => execs.Find(execId)?.Status;

    public IReadOnlyList<ExecStatus> ListExecs(string id) => execs.List(Find(id).Record.Id);

    public Task ResizeExecAsync(string execId, TerminalSize size, CancellationToken cancellationToken) =>
        (execs.Find(execId) ?? throw new ExecNotFoundException(execId)).Running?.ResizeAsync(size, cancellationToken)
            ?? Task.CompletedTask;

    public Task DeleteAllAsync(CancellationToken cancellationToken) =>
        Task.WhenAll(_entries.Keys.Select(id => RemoveAsync(id, cancellationToken)));

    /// <summary>Has conmon open the log anew: after it was renamed away, and only then, or conmon would replace it.</summary>
    public Task ReopenLogAsync(string id, CancellationToken cancellationToken) =>
        ConmonControl.ReopenLogAsync(paths.Bundle(id), cancellationToken);

    public async ValueTask DisposeAsync()
    {
        _oomWatch?.Dispose();
        await _stopping.CancelAsync();
        await Task.WhenAll(_entries.Values.Select(entry => entry.Monitoring));
        await execs.DisposeAsync();
        foreach (var entry in _entries.Values)
        {
            entry.TakeWaiting().ForEach(attach => attach.Close());
            entry.Dispose();
        }

        _stopping.Dispose();
    }

    private static ContainerExit ExitOf(ContainerEntry entry) =>
        entry.Task.Exit ?? entry.Task.LastExit ?? new ContainerExit(0, false, entry.Record.CreatedAt);

    private ContainerEntry Find(string id) =>
        _entries.TryGetValue(id, out var entry) && entry.IsReady ? entry : throw new ContainerNotFoundException(id);

    private ContainerEntry Running(string id) =>
        Find(id) is { Task.State: ContainerState.Running } entry ? entry : throw new ContainerStateException(id, "is not running");

    private async Task<T> WithGateAsync<T>(string id, Func<ContainerEntry, Task<T>> act, CancellationToken cancellationToken)
    {
        var entry = Find(id);
        await entry.Gate.WaitAsync(cancellationToken);
        try
        {
            return entry.IsRemoved ? throw new ContainerNotFoundException(id) : await act(entry);
        }
        finally
        {
            entry.Gate.Release();
        }
    }

    private bool Kill(ContainerEntry entry, LiveTask live, int signal, bool all)
    {
        var task = entry.Task;
        live.KillSent |= signal == Signals.Kill;
        if (all)
        {
            foreach (var pid in cgroups.ListProcesses(entry.Record.CgroupPath).Where(pid => pid > 0 && pid != task.Pid))
            {
                Signals.Send(pid, signal);
            }
        }

        return task.Pid != 0 && Signals.Send(task.Pid, task.PidStartTime, signal);
    }

    /// <summary>False when a new task began between the end of the old one and our turn.</summary>
    private async Task<bool> TryRemoveAsync(ContainerEntry entry, CancellationToken cancellationToken)
    {
        var live = entry.Live;
        if (live is not null)
        {
            Kill(entry, live, Signals.Kill, all: false);
            if (entry.Task.Paused)
            {
                // Where the kernel keeps even a kill from those that stand still.
                await freezer.ThawAsync(entry.Record.Id, cancellationToken);
            }

            // Also when its end cannot be watched: what follows makes sure of it.
            await Task.WhenAny(live.Exited.Task, live.Unwatched.Task).WaitAsync(cancellationToken);
        }

        await entry.Gate.WaitAsync(cancellationToken);
        try
        {
            if (entry.IsRemoved)
            {
                return true;
            }

            if (entry.Live is { Exited.Task.IsCompleted: false } newest && newest != live)
            {
                return false;
            }

            await remover.RemoveAsync(entry.Record.Id, entry.Record, entry.Task, cancellationToken);
            lock (_parentGroups)
            {
                // Whoever is about to make a container in the group has its entry already.
                _entries.TryRemove(entry.Record.Id, out _);
                if (_entries.Values.All(other => other.Record.Spec.CgroupParent != entry.Record.Spec.CgroupParent))
                {
                    remover.RemoveEmptyParents(entry.Record);
                }
            }

            execs.Forget(entry.Record.Id);
            entry.Remove();
            live?.Exited.TrySetResult(
                new ContainerExit(ContainerExit.UnknownCode, false, time.GetUtcNow(), "it was removed while its end could not be watched"));
            Publish(EngineEventType.ContainerDestroyed, entry);
            return true;
        }
        finally
        {
            entry.Gate.Release();
        }
    }

    private void Watch(ContainerEntry entry)
    {
        var live = new LiveTask();
        entry.Begin(live);
        entry.Monitoring = MonitorAsync(entry, live);
    }

    private async Task MonitorAsync(ContainerEntry entry, LiveTask live)
    {
        while (!live.Exited.Task.IsCompleted)
        {
            try
            {
                await MonitorToEndAsync(entry, live);
            }
            catch (OperationCanceledException) when (_stopping.IsCancellationRequested)
            {
                return;
            }
            catch (Exception exception)
            {
                // Nobody else would ever learn that it has ended.
                Log.MonitoringFailed(logger, exception, entry.Record.Id);
                live.Unwatched.TrySetResult();
                await Task.Delay(WatchRetry, time, _stopping.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }
    }

    private async Task MonitorToEndAsync(ContainerEntry entry, LiveTask live)
    {
        var exit = await monitor.WaitAsync(entry.Record, entry.Task, () => live.KillSent, _stopping.Token);
        KillRest(entry.Record);
        await entry.Gate.WaitAsync(_stopping.Token);
        try
        {
            if (!live.Exited.Task.IsCompleted)
            {
                await RecordExitAsync(entry, live, exit);
            }
        }
        finally
        {
            entry.Gate.Release();
        }
    }

    /// <summary>The end of the first process is the end of the container: in a pid namespace that others have too, the kernel does not see to it.</summary>
    private void KillRest(ContainerRecord record)
    {
        if (record.Spec.Namespaces.Pid is not null)
        {
            foreach (var pid in cgroups.ListProcesses(record.CgroupPath).Where(pid => pid > 0))
            {
                Signals.Send(pid, Signals.Kill);
            }
        }
    }

    private async Task RecordExitAsync(ContainerEntry entry, LiveTask live, ContainerExit exit)
    {
        var id = entry.Record.Id;
        var task = entry.Task with { State = ContainerState.Exited, Exit = exit, Pid = 0, Paused = false };
        try
        {
            await store.SaveTaskAsync(id, task, CancellationToken.None);
        }
        catch (Exception exception) when (exception is IOException or Linux.LinuxException)
        {
            // The exit file says the same to the next engine.
            Log.ExitNotSaved(logger, exception, id);
        }

        if ((exit.OomKilled || monitor.SawOom(id)) && live.TryTellOom())
        {
            Publish(EngineEventType.ContainerOom, entry);
        }

        entry.Set(task);
        entry.End(live, exit);
        Publish(EngineEventType.ContainerDied, entry);
    }

    private void OnOom(string id)
    {
        if (_entries.TryGetValue(id, out var entry) && entry.Live is { } live && live.TryTellOom())
        {
            Publish(EngineEventType.ContainerOom, entry);
        }
    }

    private ContainerStatus Publish(EngineEventType type, ContainerEntry entry)
    {
        var status = entry.Status;
        var attributes = new Dictionary<string, string> { [EventAttributes.Name] = status.Spec.Name };
        if (type == EngineEventType.ContainerDied && status.Exit is { } exit)
        {
            attributes[EventAttributes.ExitCode] = exit.Code.ToString(CultureInfo.InvariantCulture);
        }

        Events.Publish(type, status.Id, attributes, status.Spec.Labels);
        return status;
    }

    private static partial class Log
    {
        [LoggerMessage(LogLevel.Information, "Container {Container} did not stop within {Grace}, killing it")]
        public static partial void GraceIsOver(ILogger logger, string container, TimeSpan grace);

        [LoggerMessage(LogLevel.Error, "Container {Container} can no longer be watched")]
        public static partial void MonitoringFailed(ILogger logger, Exception exception, string container);

        [LoggerMessage(LogLevel.Warning, "The exit of container {Container} could not be written down")]
        public static partial void ExitNotSaved(ILogger logger, Exception exception, string container);
    }
}
