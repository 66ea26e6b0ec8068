using System.Collections.Concurrent;
using Coxswain.Linux.Cgroups;
using Coxswain.Linux.Files;
using Coxswain.Linux.Processes;
using Microsoft.Extensions.Logging;

namespace Coxswain.Engine.Containers;

/// <summary>The verbs of containers, over the records in memory and on disk.</summary>
internal sealed partial class ContainerManager(
    ContainerPaths paths,
    ContainerStore store,
    ContainerCreator creator,
    ContainerRemover remover,
    ContainerMonitor monitor,
    ContainerExecutor executor,
    ICgroups cgroups,
    FifoGate gate,
    IProcessWatcher watcher,
    TimeProvider time,
    ILogger<ContainerManager> logger) : IContainers, IAsyncDisposable
{
    private readonly ConcurrentDictionary<string, ContainerEntry> _entries = new(StringComparer.Ordinal);
    private readonly ContainerEvents _events = new();
    private readonly CancellationTokenSource _stopping = new();

    /// <summary>Takes over what an earlier engine left: running containers are watched on, cut-short ones taken back.</summary>
    public async Task AdoptAsync(CancellationToken cancellationToken)
    {
        paths.CreateDirectories();
        foreach (var record in await store.LoadAsync(cancellationToken))
        {
            try
            {
                await AdoptAsync(record, cancellationToken);
            }
            catch (Exception exception) when (!cancellationToken.IsCancellationRequested)
            {
                // One that cannot be had must not keep us from the others.
                Log.NotAdopted(logger, exception, record.Id);
            }
        }
    }

    public async Task<ContainerStatus> CreateAsync(ContainerSpec spec, CancellationToken cancellationToken)
    {
        var id = spec.Id ?? ContainerCreator.NewId();
        Names.Check("container", id);
        if (_entries.ContainsKey(id))
        {
            throw new ContainerStateException(id, "exists already");
        }

        var entry = new ContainerEntry(await creator.CreateAsync(id, spec with { Id = id }, cancellationToken));
        if (!_entries.TryAdd(id, entry))
        {
            throw new ContainerStateException(id, "was created twice at once");
        }

        entry.Monitoring = MonitorAsync(entry);
        return Publish(ContainerEventType.Created, entry);
    }

    public async Task<ContainerStatus> StartAsync(string id, CancellationToken cancellationToken)
    {
        var entry = Find(id);
        await entry.Gate.WaitAsync(cancellationToken);
        try
        {
            if (entry.Record.State != ContainerState.Created)
            {
                throw new ContainerStateException(id, $"cannot be started, it is {entry.Record.State.ToString().ToLowerInvariant()}");
            }

            await OpenGateAsync(entry, cancellationToken);
            var record = entry.Record with { State = ContainerState.Running, StartedAt = time.GetUtcNow() };
            await store.SaveAsync(record, CancellationToken.None);
            entry.Set(record);
            // Inside the gate, which the exit needs too: nobody hears of an exit before the start.
            return Publish(ContainerEventType.Started, entry);
        }
        finally
        {
            entry.Gate.Release();
        }
    }

    public Task<bool> KillAsync(string id, int signal, CancellationToken cancellationToken, bool all = false)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var entry = Find(id);
        var record = entry.Record;
        if (record.State == ContainerState.Exited)
        {
            return Task.FromResult(false);
        }

        entry.KillSent |= signal == Signals.Kill;
        if (all)
        {
            foreach (var pid in cgroups.ListProcesses(record.CgroupPath).Where(pid => pid > 0 && pid != record.Pid))
            {
                Signals.Send(pid, signal);
            }
        }

        return Task.FromResult(Signals.Send(record.Pid, record.PidStartTime, signal));
    }

    public async Task<ContainerExit> StopAsync(string id, TimeSpan grace, CancellationToken cancellationToken)
    {
        var entry = Find(id);
        var record = entry.Record;
        // A created process is still runc's, which does not heed the image's signal.
        if (record.State == ContainerState.Running && grace > TimeSpan.Zero)
        {
            var signal = Signals.Parse(record.Spec.StopSignal) ?? Signals.Terminate;
            if (entry.TryBeginStop())
            {
                await KillAsync(id, signal, cancellationToken);
            }

            try
            {
                return await entry.Exited.Task.WaitAsync(grace, time, cancellationToken);
            }
            catch (TimeoutException)
            {
                Log.GraceIsOver(logger, id, grace);
            }
        }

        await KillAsync(id, Signals.Kill, cancellationToken);
        return await entry.Exited.Task.WaitAsync(cancellationToken);
    }

    public async Task RemoveAsync(string id, CancellationToken cancellationToken)
    {
        if (!_entries.TryGetValue(id, out var entry))
        {
            return;
        }

        if (entry.Record.State != ContainerState.Exited)
        {
            await KillAsync(id, Signals.Kill, cancellationToken);
            // Also when its end could not be watched: what follows makes sure of it.
            await ((Task)entry.Exited.Task).WaitAsync(cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            cancellationToken.ThrowIfCancellationRequested();
        }

        await entry.Gate.WaitAsync(cancellationToken);
        try
        {
            if (entry.Removed)
            {
                return;
            }

            await remover.RemoveAsync(entry.Record, cancellationToken);
            entry.Removed = true;
            _entries.TryRemove(id, out _);
            Publish(ContainerEventType.Removed, entry);
        }
        finally
        {
            entry.Gate.Release();
        }
    }

    public ContainerStatus? Inspect(string id) => _entries.TryGetValue(id, out var entry) ? entry.Record.ToStatus() : null;

    public IReadOnlyList<ContainerStatus> List() =>
        [.. _entries.Values.Select(entry => entry.Record.ToStatus())
            .OrderBy(status => status.CreatedAt).ThenBy(status => status.Id, StringComparer.Ordinal)];

    public Task<ContainerExit> WaitAsync(string id, CancellationToken cancellationToken) =>
        Find(id).Exited.Task.WaitAsync(cancellationToken);

    public IContainerEvents Subscribe() => _events.Subscribe();

    public Task<IContainerExec> ExecAsync(string id, ExecSpec spec, CancellationToken cancellationToken) =>
        executor.ExecAsync(Running(id), spec, cancellationToken);

    public ContainerUsage? ReadUsage(string id) =>
        Find(id).Record is { State: ContainerState.Running } record && cgroups.ReadUsage(record.CgroupPath) is { } usage
            ? new ContainerUsage(
                time.GetUtcNow(), usage.MemoryBytes, usage.WorkingSetBytes, usage.RssBytes, usage.CpuNanoseconds, usage.Pids,
                usage.MemoryLimitBytes)
            : null;

    public Task ReopenLogAsync(string id, CancellationToken cancellationToken) =>
        ConmonControl.ReopenLogAsync(paths.Bundle(Find(id).Record.Id), cancellationToken);

    public Task<IContainerAttach> AttachAsync(string id, CancellationToken cancellationToken) =>
        ContainerAttach.ConnectAsync(id, paths.Bundle(Find(id).Record.Id), cancellationToken);

    public Task ResizeAsync(string id, TerminalSize size, CancellationToken cancellationToken) =>
        ConmonControl.ResizeAsync(paths.Bundle(Running(id).Id), size, cancellationToken);

    public Task DeleteAllAsync(CancellationToken cancellationToken) =>
        Task.WhenAll(_entries.Keys.Select(id => RemoveAsync(id, cancellationToken)));

    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync();
        await Task.WhenAll(_entries.Values.Select(entry => entry.Monitoring));
        foreach (var entry in _entries.Values)
        {
            entry.Dispose();
        }

        _stopping.Dispose();
    }

    private ContainerEntry Find(string id) =>
        _entries.TryGetValue(id, out var entry) ? entry : throw new ContainerNotFoundException(id);

    private ContainerRecord Running(string id) =>
        Find(id).Record is { State: ContainerState.Running } record
            ? record
            : throw new ContainerStateException(id, "is not running");

    private ContainerStatus Publish(ContainerEventType type, ContainerEntry entry)
    {
        var status = entry.Record.ToStatus();
        _events.Publish(type, status);
        return status;
    }

    private async Task OpenGateAsync(ContainerEntry entry, CancellationToken cancellationToken)
    {
        var (id, pid, startTime) = (entry.Record.Id, entry.Record.Pid, entry.Record.PidStartTime);
        var opened = await gate.OpenAsync(
            paths.StartGate(id), token => watcher.WaitForExitAsync(pid, startTime, token), cancellationToken);
        if (!opened)
        {
            throw new ContainerStartException(id, 128, "the created process ended before it was started");
        }

        // What runc's own start does: without the FIFO, the container counts as started.
        File.Delete(paths.StartGate(id));
    }

    private async Task AdoptAsync(ContainerRecord record, CancellationToken cancellationToken)
    {
        if (_entries.ContainsKey(record.Id))
        {
            return;
        }

        if (record.Pid == 0 && record.Exit is null)
        {
            await remover.RemoveAsync(record, cancellationToken);
            return;
        }

        var entry = new ContainerEntry(record);
        entry.Set(record);
        await CatchUpAsync(entry, cancellationToken);
        _entries.TryAdd(record.Id, entry);
    }

    private async Task CatchUpAsync(ContainerEntry entry, CancellationToken cancellationToken)
    {
        if (entry.Record.State == ContainerState.Exited)
        {
            return;
        }

        // The FIFO goes when the process is let run; we may have died between that and writing it down.
        if (entry.Record.State == ContainerState.Created && !File.Exists(paths.StartGate(entry.Record.Id)))
        {
            entry.Set(entry.Record with { State = ContainerState.Running, StartedAt = time.GetUtcNow() });
        }

        if (ProcessInfo.StartTime(entry.Record.MonitorPid) == entry.Record.MonitorStartTime
            || ProcessInfo.StartTime(entry.Record.Pid) == entry.Record.PidStartTime)
        {
            entry.Monitoring = MonitorAsync(entry);
            return;
        }

        await RecordExitAsync(entry, await monitor.WaitAsync(entry, cancellationToken));
    }

    private async Task MonitorAsync(ContainerEntry entry)
    {
        try
        {
            var exit = await monitor.WaitAsync(entry, _stopping.Token);
            await entry.Gate.WaitAsync(_stopping.Token);
            try
            {
                await RecordExitAsync(entry, exit);
                Publish(ContainerEventType.Exited, entry);
            }
            finally
            {
                entry.Gate.Release();
            }
        }
        catch (OperationCanceledException) when (_stopping.IsCancellationRequested)
        {
        }
        catch (Exception exception)
        {
            Log.MonitoringFailed(logger, exception, entry.Record.Id);
            entry.Exited.TrySetException(exception);
        }
    }

    private async Task RecordExitAsync(ContainerEntry entry, ContainerExit exit)
    {
        var record = entry.Record with { State = ContainerState.Exited, Exit = exit };
        try
        {
            await store.SaveAsync(record, CancellationToken.None);
        }
        catch (IOException exception)
        {
            // The exit file says the same to the next engine.
            Log.ExitNotSaved(logger, exception, record.Id);
        }

        entry.Set(record);
    }

    private static partial class Log
    {
        [LoggerMessage(LogLevel.Information, "Container {Container} did not stop within {Grace}, killing it")]
        public static partial void GraceIsOver(ILogger logger, string container, TimeSpan grace);

        [LoggerMessage(LogLevel.Error, "Container {Container} of an earlier run cannot be adopted")]
        public static partial void NotAdopted(ILogger logger, Exception exception, string container);

        [LoggerMessage(LogLevel.Error, "Container {Container} can no longer be watched")]
        public static partial void MonitoringFailed(ILogger logger, Exception exception, string container);

        [LoggerMessage(LogLevel.Warning, "The exit of container {Container} could not be written down")]
        public static partial void ExitNotSaved(ILogger logger, Exception exception, string container);
    }
}
