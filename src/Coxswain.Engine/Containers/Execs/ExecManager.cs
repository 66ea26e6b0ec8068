using System.Globalization;
using System.Security.Cryptography;
using Coxswain.Engine.Containers.Records;
using Coxswain.Engine.Events;
using Coxswain.Linux.Processes;

namespace Coxswain.Engine.Containers.Execs;

/// <summary>The execs of all containers, by ids of their own. Kept in memory: none of them can be joined again by a later engine.</summary>
internal sealed class ExecManager(ContainerExecutor executor, IEngineEvents events, TimeProvider time) : IAsyncDisposable
{
    /// <summary>How many of a container's execs that have ended are remembered.</summary>
    public const int MostEnded = 128;

    /// <summary>How many of a container's execs may run, or wait to be started, at a time.</summary>
    public const int MostOpen = 1024;

    /// <summary>How long one that nobody starts keeps its place when there is no other.</summary>
    public static readonly TimeSpan UnstartedLife = TimeSpan.FromMinutes(5);

    private readonly Lock _lock = new();
    private readonly Dictionary<string, ExecEntry> _byId = new(StringComparer.Ordinal);
    private readonly Dictionary<string, List<ExecEntry>> _byContainer = new(StringComparer.Ordinal);
    private readonly CancellationTokenSource _stopping = new();

    public ExecStatus Create(ContainerRecord container, ExecSpec spec)
    {
        if (spec.Args.Count == 0)
        {
            throw new EngineException("no command is given");
        }

        var id = RandomNumberGenerator.GetHexString(64, lowercase: true);
        var entry = new ExecEntry(
            new ExecStatus(id, container.Id, spec, ExecState.Created, 0, null, time.GetUtcNow(), null, null));
        lock (_lock)
        {
            if (!_byContainer.TryGetValue(container.Id, out var execs))
            {
                _byContainer[container.Id] = execs = [];
            }

            if (execs.Count(exec => !exec.IsOver) >= MostOpen && !TryForgetUnstarted(execs))
            {
                throw new EngineException($"container {container.Id} has {MostOpen} execs already");
            }

            execs.Add(entry);
            _byId[id] = entry;
        }

        Publish(EngineEventType.ExecCreated, container, id);
        return entry.Status;
    }

    /// <param name="container">The container it was created for, which must run.</param>
    public async Task<IContainerExec> StartAsync(ContainerRecord container, string execId, CancellationToken cancellationToken)
    {
        var entry = Find(execId) ?? throw new ExecNotFoundException(execId);
        if (!entry.TryBegin())
        {
            throw new ContainerStateException(container.Id, $"exec {execId} was started already");
        }

        try
        {
            var exec = await executor.StartAsync(execId, container, entry.Status.Spec, cancellationToken);
            entry.Set(status => status with { State = ExecState.Running, StartedAt = time.GetUtcNow() }, exec);
            Publish(EngineEventType.ExecStarted, container, execId);
            entry.Tracking = TrackAsync(container, entry, exec);
            return exec;
        }
        catch (Exception exception)
        {
            End(entry, exception is ContainerStartException start ? start.ExitCode : 126);
            throw;
        }
    }

    public ExecEntry? Find(string execId)
    {
        lock (_lock)
        {
            return _byId.GetValueOrDefault(execId);
        }
    }

    public IReadOnlyList<ExecStatus> List(string containerId)
    {
        lock (_lock)
        {
            return [.. _byContainer.GetValueOrDefault(containerId, []).Select(entry => entry.Status)];
        }
    }

    /// <summary>The container is gone, and all its execs with it.</summary>
    public void Forget(string containerId)
    {
        lock (_lock)
        {
            if (_byContainer.Remove(containerId, out var execs))
            {
                execs.ForEach(entry => _byId.Remove(entry.Status.Id));
            }
        }
    }

    /// <summary>Ends what still runs, but for the detached: their streams lead to us.</summary>
    public async ValueTask DisposeAsync()
    {
        List<ExecEntry> entries;
        lock (_lock)
        {
            entries = [.. _byId.Values];
        }

        foreach (var entry in entries.Where(entry => !entry.IsOver && !entry.Status.Spec.Detached))
        {
            entry.Running?.Kill(Signals.Kill);
        }

        await Task.WhenAll(entries.Where(entry => !entry.Status.Spec.Detached).Select(entry => entry.Tracking));
        await _stopping.CancelAsync();
        await Task.WhenAll(entries.Select(entry => entry.Tracking));
        _stopping.Dispose();
    }

    /// <summary>Whoever created them is gone. Beginning them here makes sure that nobody begins them any more.</summary>
    private bool TryForgetUnstarted(List<ExecEntry> execs)
    {
        var latest = time.GetUtcNow() - UnstartedLife;
        return execs.RemoveAll(exec => exec.Status.CreatedAt <= latest && exec.TryBegin() && _byId.Remove(exec.Status.Id)) > 0;
    }

    private async Task TrackAsync(ContainerRecord container, ExecEntry entry, ContainerExec exec)
    {
        try
        {
            var code = await exec.Exited.WaitAsync(_stopping.Token);
            End(entry, code);
            Publish(EngineEventType.ExecDied, container, exec.Id, code);
        }
        catch (OperationCanceledException) when (_stopping.IsCancellationRequested)
        {
        }
        catch (Exception) when (exec.Exited.IsFaulted)
        {
            // Who awaits the exec hears why.
            End(entry, ContainerExit.UnknownCode);
            Publish(EngineEventType.ExecDied, container, exec.Id, ContainerExit.UnknownCode);
        }
    }

    private void End(ExecEntry entry, int code)
    {
        entry.Set(status => status with { State = ExecState.Exited, ExitCode = code, FinishedAt = time.GetUtcNow() }, null);
        lock (_lock)
        {
            if (_byContainer.TryGetValue(entry.Status.ContainerId, out var execs))
            {
                foreach (var old in execs.Where(exec => exec.IsOver).SkipLast(MostEnded).ToList())
                {
                    execs.Remove(old);
                    _byId.Remove(old.Status.Id);
                }
            }
        }
    }

    private void Publish(EngineEventType type, ContainerRecord container, string execId, int? code = null)
    {
        var attributes = new Dictionary<string, string>
        {
            [EventAttributes.Name] = container.Spec.Name,
            [EventAttributes.ExecId] = execId,
        };
        if (code is { } exitCode)
        {
            attributes[EventAttributes.ExitCode] = exitCode.ToString(CultureInfo.InvariantCulture);
        }

        events.Publish(type, container.Id, attributes, container.Spec.Labels);
    }
}
