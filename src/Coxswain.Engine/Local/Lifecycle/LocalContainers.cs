using System.Collections.Concurrent;
using System.Globalization;
using Coxswain.Engine.Containers;
using Coxswain.Engine.Events;
using Coxswain.Engine.Images.Stores;
using Coxswain.Engine.Local.Networks;
using Coxswain.Engine.Local.Volumes;
using Coxswain.Linux.Processes;
using Microsoft.Extensions.Logging;

namespace Coxswain.Engine.Local.Lifecycle;

/// <summary>
/// The verbs of local containers, and who looks after them: restart policies, health, removal of their own accord. They outlive the
/// engine; the next one knows them again and does by their policies. All members are safe to call concurrently.
/// </summary>
public sealed partial class LocalContainers : IAsyncDisposable
{
    /// <summary>Tells the engine's containers that are local from others, also in events.</summary>
    public const string Label = "coxswain.dev/local";

    /// <summary>The image in the creator's words.</summary>
    public const string ImageLabel = "coxswain.dev/local-image";

    private readonly ConcurrentDictionary<string, LocalEntry> _entries = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, string> _names = new(StringComparer.Ordinal);
    private readonly CancellationTokenSource _stopping = new();
    private readonly IContainers _containers;
    private readonly LocalNetworks _networks;
    private readonly LocalStore _store;
    private readonly LocalCreator _creator;
    private readonly LocalRunner _runner;
    private readonly IEngineEvents _events;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;

    internal LocalContainers(
        EngineOptions options, IContainers containers, ImageStore images, LocalNetworks networks, LocalVolumes volumes, IEngineEvents events,
        TimeProvider time, ILogger logger)
    {
        _containers = containers;
        _networks = networks;
        _events = events;
        _time = time;
        _logger = logger;
        _store = new LocalStore(options, logger);
        _creator = new LocalCreator(options, containers, images, networks, volumes, _store);
        _runner = new LocalRunner(containers, networks, _creator, _store, _entries, _names, events, time, _stopping.Token, logger)
        {
            StartAgain = StartAgainAsync,
        };
    }

    /// <summary>Knows again what an earlier engine left: adopts what runs, starts what its policy wants, removes what was to go.</summary>
    public async Task LoadAsync(CancellationToken cancellationToken)
    {
        foreach (var (id, record) in _store.Load())
        {
            if (record is null || _containers.Inspect(id) is null)
            {
                // Cut short in being made or removed.
                await _containers.RemoveAsync(id, cancellationToken);
                _store.Delete(id);
                continue;
            }

            _entries[id] = new LocalEntry(record);
            _names[record.Spec.Name] = id;
        }

        foreach (var lost in _containers.List().Where(status => status.Spec.Labels.ContainsKey(Label) && !_entries.ContainsKey(status.Id)))
        {
            await _containers.RemoveAsync(lost.Id, cancellationToken);
        }

        foreach (var entry in _entries.Values.OrderBy(entry => entry.Record.Spec.NetworkMode == LocalNetworkMode.Container).ToArray())
        {
            try
            {
                await ResumeAsync(entry, cancellationToken);
            }
            catch (Exception exception) when (!cancellationToken.IsCancellationRequested)
            {
                // One that cannot be had must not keep us from the others.
                Log.NotResumed(_logger, exception, entry.Record.Spec.Name);
            }
        }
    }

    /// <summary>Looks after all of them until cancelled.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        using var subscription = _containers.Events.Subscribe();
        // What ended before we listened.
        await EndAllAsync();
        await foreach (var happened in subscription.ReadAllAsync(cancellationToken))
        {
            if (happened.Type == EngineEventType.Lost)
            {
                await EndAllAsync();
            }
            else if (happened.Type == EngineEventType.ContainerDied && _entries.TryGetValue(happened.Subject, out var entry))
            {
                await EndAsync(entry);
            }
        }
    }

    public async Task<LocalContainer> CreateAsync(LocalContainerSpec spec, CancellationToken cancellationToken)
    {
        LocalCreator.CheckName(spec.Name);
        var id = LocalCreator.NewId();
        if (!_names.TryAdd(spec.Name, id))
        {
            throw NameTaken(spec.Name);
        }

        try
        {
            var sharing = spec.NetworkMode == LocalNetworkMode.Container ? Find(spec.NetworkOf ?? "").Record : null;
            if (sharing is { Spec.NetworkMode: LocalNetworkMode.None or LocalNetworkMode.Container })
            {
                throw new LocalException(
                    LocalErrorKind.Unsupported, $"sharing the network of {sharing.Spec.Name} is not supported: it has none of its own");
            }

            spec = spec with { NetworkOf = sharing?.Id };
            var record = await _creator.CreateAsync(id, spec, sharing, cancellationToken);
            _entries[id] = new LocalEntry(record);
            return Inspect(id);
        }
        catch
        {
            _names.TryRemove(KeyValuePair.Create(spec.Name, id));
            throw;
        }
    }

    /// <summary>False when it runs already.</summary>
    public Task<bool> StartAsync(string nameOrId, CancellationToken cancellationToken) => WithGateAsync(
        nameOrId,
        async entry =>
        {
            if (_containers.Inspect(entry.Id) is { State: ContainerState.Running, Paused: var paused })
            {
                return paused
                    ? throw new LocalException(LocalErrorKind.Conflict, "cannot start a paused container, try unpause instead")
                    : false;
            }

            await _runner.EndAsync(entry, again: false);
            entry.BackOff = TimeSpan.Zero;
            _runner.Save(entry, entry.Record with { RestartCount = 0 });
            try
            {
                await _runner.StartAsync(entry, cancellationToken);
            }
            catch when (entry.Record.Spec.AutoRemove)
            {
                await _runner.RemoveAsync(entry, volumes: true, CancellationToken.None);
                throw;
            }

            return true;
        },
        cancellationToken);

    /// <summary>False when it did not run.</summary>
    /// <param name="grace">Null for the container's own.</param>
    public async Task<bool> StopAsync(string nameOrId, TimeSpan? grace, CancellationToken cancellationToken)
    {
        var entry = Find(nameOrId);
        if (!await StopRunningAsync(entry, grace, cancellationToken))
        {
            return false;
        }

        Publish(EngineEventType.ContainerStopped, entry);
        await EndAsync(entry);
        return true;
    }

    public async Task RestartAsync(string nameOrId, TimeSpan? grace, CancellationToken cancellationToken)
    {
        var entry = Find(nameOrId);
        var keep = entry.Record.Spec.AutoRemove;
        if (keep)
        {
            // Not by its own accord while it is on its way up again.
            entry.Record = entry.Record with { Spec = entry.Record.Spec with { AutoRemove = false } };
        }

        try
        {
            await StopRunningAsync(entry, grace, cancellationToken);
            await WithGateAsync(entry, async () =>
            {
                await _runner.EndAsync(entry, again: false);
                await _runner.StartAsync(entry, cancellationToken);
                return true;
            }, cancellationToken);
            Publish(EngineEventType.ContainerRestarted, entry);
        }
        finally
        {
            if (keep)
            {
                _runner.Save(entry, entry.Record with { Spec = entry.Record.Spec with { AutoRemove = true } });
            }
        }
    }

    public async Task KillAsync(string nameOrId, int signal, CancellationToken cancellationToken)
    {
        var entry = Find(nameOrId);
        if (_containers.Inspect(entry.Id) is not { State: ContainerState.Running } status)
        {
            throw new LocalException(LocalErrorKind.Conflict, $"cannot kill container: {nameOrId}: container {entry.Id} is not running");
        }

        if (signal is Signals.Kill or Signals.Terminate || signal == Signals.Parse(status.Spec.StopSignal))
        {
            await GiveUpAsync(entry, cancellationToken);
        }

        await _containers.KillAsync(entry.Id, signal, cancellationToken);
        if (status.Paused && signal == Signals.Kill)
        {
            await _containers.ResumeAsync(entry.Id, cancellationToken);
        }

        Publish(EngineEventType.ContainerKilled, entry, (EventAttributes.Signal, signal.ToString(CultureInfo.InvariantCulture)));
        if (signal == Signals.Kill)
        {
            await _containers.WaitAsync(entry.Id, cancellationToken);
            await EndAsync(entry);
        }
    }

    public Task PauseAsync(string nameOrId, CancellationToken cancellationToken) => _containers.PauseAsync(Find(nameOrId).Id, cancellationToken);

    public Task ResumeAsync(string nameOrId, CancellationToken cancellationToken) => _containers.ResumeAsync(Find(nameOrId).Id, cancellationToken);

    public Task RenameAsync(string nameOrId, string name, CancellationToken cancellationToken)
    {
        name = name.TrimStart('/');
        LocalCreator.CheckName(name);
        return WithGateAsync(
            nameOrId,
            async entry =>
            {
                var before = entry.Record.Spec.Name;
                if (!_names.TryAdd(name, entry.Id))
                {
                    throw NameTaken(name);
                }

                await _containers.RenameAsync(entry.Id, name, cancellationToken);
                _runner.Save(entry, entry.Record with { Spec = entry.Record.Spec with { Name = name } });
                _names.TryRemove(before, out _);
                _networks.Rename(entry.Id, name);
                return true;
            },
            cancellationToken);
    }

    /// <param name="limits">Null to leave them.</param>
    /// <param name="restart">Null to leave it.</param>
    public Task UpdateAsync(
        string nameOrId, ContainerLimits? limits, RestartPolicy? restart, string creatorDocument, CancellationToken cancellationToken) => WithGateAsync(
        nameOrId,
        async entry =>
        {
            var spec = entry.Record.Spec with { Restart = restart ?? entry.Record.Spec.Restart, CreatorDocument = creatorDocument };
            if (limits is not null)
            {
                await _containers.UpdateAsync(entry.Id, limits, cancellationToken);
                spec = spec with { Process = spec.Process with { Limits = limits } };
            }

            _runner.Save(entry, entry.Record with { Spec = spec });
            Publish(EngineEventType.ContainerUpdated, entry);
            return true;
        },
        cancellationToken);

    /// <param name="force">Also one that runs.</param>
    /// <param name="volumes">With the volumes that were made for it.</param>
    public Task RemoveAsync(string nameOrId, bool force, bool volumes, CancellationToken cancellationToken) => WithGateAsync(
        nameOrId,
        async entry =>
        {
            if (!force && _containers.Inspect(entry.Id) is { State: ContainerState.Running } status)
            {
                throw new LocalException(
                    LocalErrorKind.Conflict,
                    $"cannot remove container \"{entry.Record.Spec.Name}\": container is {(status.Paused ? "paused and must be unpaused first" : "running: stop the container before removing or force remove")}");
            }

            await _runner.RemoveAsync(entry, volumes, cancellationToken);
            return true;
        },
        cancellationToken);

    /// <summary>Joins it to one more network, at once when it runs.</summary>
    public Task ConnectAsync(string nameOrId, EndpointSpec wanted, CancellationToken cancellationToken) => WithGateAsync(
        nameOrId,
        async entry =>
        {
            var endpoint = _creator.Endpoint(wanted);
            CheckNetworks(entry);
            if (entry.Record.Endpoints.Any(known => known.NetworkId == endpoint.NetworkId))
            {
                throw new LocalException(
                    LocalErrorKind.Forbidden, $"endpoint with name {entry.Record.Spec.Name} already exists in network {endpoint.NetworkName}");
            }

            if (entry.IsUp)
            {
                endpoint = await _networks.ConnectAsync(entry.Id, endpoint, cancellationToken);
            }

            _runner.Save(entry, entry.Record with { Endpoints = [.. entry.Record.Endpoints, endpoint] });
            return true;
        },
        cancellationToken);

    public Task DisconnectAsync(string nameOrId, string network, CancellationToken cancellationToken) => WithGateAsync(
        nameOrId,
        async entry =>
        {
            var left = _networks.Get(network);
            CheckNetworks(entry);
            if (entry.Record.Endpoints.All(endpoint => endpoint.NetworkId != left.Id))
            {
                throw new LocalException(
                    LocalErrorKind.Forbidden, $"container {entry.Id} is not connected to network {left.Name}");
            }

            await _networks.DisconnectAsync(entry.Id, left.Id, cancellationToken);
            _runner.Save(entry, entry.Record with { Endpoints = [.. entry.Record.Endpoints.Where(endpoint => endpoint.NetworkId != left.Id)] });
            return true;
        },
        cancellationToken);

    /// <summary>By name, id or the beginning of an id.</summary>
    /// <exception cref="LocalException">There is none, or several.</exception>
    public LocalContainer Inspect(string nameOrId) => Describe(Find(nameOrId));

    /// <summary>The newest first.</summary>
    public IReadOnlyList<LocalContainer> List() =>
        [.. _entries.Values.Select(TryDescribe).OfType<LocalContainer>()
            .OrderByDescending(container => container.Status.CreatedAt).ThenBy(container => container.Id, StringComparer.Ordinal)];

    /// <summary>The names of the containers that have a volume.</summary>
    public IReadOnlyList<string> UsersOf(string volume) =>
        [.. _entries.Values.Where(entry => entry.Record.Volumes.Any(mounted => mounted.Name == volume)).Select(entry => entry.Id)];

    /// <summary>For the end of a cluster.</summary>
    public async Task DeleteAllAsync(CancellationToken cancellationToken)
    {
        foreach (var entry in _entries.Values)
        {
            await WithGateAsync(entry, async () =>
            {
                await _runner.RemoveAsync(entry, volumes: true, cancellationToken);
                return true;
            }, cancellationToken);
        }

        _store.DeleteAll();
    }

    /// <summary>Lets go: containers go on.</summary>
    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync();
        await Task.WhenAll(_entries.Values.Select(entry => entry.BackgroundTask)).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        foreach (var entry in _entries.Values)
        {
            entry.Dispose();
        }

        _stopping.Dispose();
    }

    private static LocalException Missing(string nameOrId) => new(LocalErrorKind.NotFound, $"No such container: {nameOrId}");

    private LocalException NameTaken(string name) => new(
        LocalErrorKind.Conflict,
        $"Conflict. The container name \"/{name}\" is already in use by container \"{_names.GetValueOrDefault(name)}\". "
        + "You have to remove (or rename) that container to be able to reuse that name.");

    private static void CheckNetworks(LocalEntry entry)
    {
        if (entry.Record.Spec.NetworkMode is LocalNetworkMode.Host or LocalNetworkMode.Container)
        {
            throw new LocalException(LocalErrorKind.Invalid, "container sharing another network namespace cannot be connected to any other network");
        }

        if (entry.Record.Spec.NetworkMode == LocalNetworkMode.None)
        {
            throw new LocalException(LocalErrorKind.Forbidden, "container cannot be connected to multiple networks with one of the networks in private (none) mode");
        }
    }

    private LocalEntry Find(string nameOrId)
    {
        var key = nameOrId.TrimStart('/');
        if (_entries.TryGetValue(key, out var exact) || (_names.TryGetValue(key, out var id) && _entries.TryGetValue(id, out exact)))
        {
            return exact;
        }

        var matches = key.Length == 0 ? [] : _entries.Values.Where(entry => entry.Id.StartsWith(key, StringComparison.Ordinal)).Take(2).ToArray();
        return matches.Length switch
        {
            1 => matches[0],
            0 => throw Missing(nameOrId),
            _ => throw new LocalException(LocalErrorKind.Invalid, $"Multiple IDs found with provided prefix: {nameOrId}"),
        };
    }

    private LocalContainer Describe(LocalEntry entry) => TryDescribe(entry) ?? throw Missing(entry.Id);

    private LocalContainer? TryDescribe(LocalEntry entry)
    {
        var record = entry.Record;
        return _containers.Inspect(entry.Id) is not { } status ? null : new LocalContainer
        {
            Id = record.Id,
            Spec = record.Spec,
            Status = status,
            Restarting = entry.Restarting,
            RestartCount = record.RestartCount,
            Error = entry.Error,
            Endpoints = record.Endpoints,
            Ports = record.Ports,
            Volumes = record.Volumes,
            Health = entry.Health,
            SandboxPath = entry.Sandbox?.NetnsPath ?? "",
            Directory = _store.DirectoryOf(record.Id),
        };
    }

    private async Task ResumeAsync(LocalEntry entry, CancellationToken cancellationToken)
    {
        var status = _containers.Inspect(entry.Id)!; // Looked for just now.
        if (status.State == ContainerState.Running)
        {
            await _runner.AdoptAsync(entry, cancellationToken);
            return;
        }

        entry.IsUp = entry.Record.WantsRun;
        if (entry.Record.Spec.Restart.Kind == RestartKind.Always && !entry.Record.WantsRun && status.StartedAt is not null)
        {
            // Stopped by hand, which only holds until now.
            _runner.Save(entry, entry.Record with { WantsRun = true });
            entry.IsUp = true;
        }

        await _runner.EndAsync(entry, again: true);
    }

    private async Task<bool> StopRunningAsync(LocalEntry entry, TimeSpan? grace, CancellationToken cancellationToken)
    {
        await GiveUpAsync(entry, cancellationToken);
        if (_containers.Inspect(entry.Id) is not { State: ContainerState.Running } status)
        {
            return false;
        }

        if (status.Paused)
        {
            await _containers.ResumeAsync(entry.Id, cancellationToken);
        }

        await _containers.StopAsync(entry.Id, grace ?? entry.Record.Spec.StopTimeout, cancellationToken);
        return true;
    }

    /// <summary>Somebody wants it ended: its policy no longer counts, and what it was about to do is called off.</summary>
    private Task GiveUpAsync(LocalEntry entry, CancellationToken cancellationToken) => WithGateAsync(
        entry,
        async () =>
        {
            if (entry.Restarting)
            {
                await LocalRunner.StopBackgroundAsync(entry);
            }

            if (entry.Record.WantsRun)
            {
                _runner.Save(entry, entry.Record with { WantsRun = false });
            }

            return true;
        },
        cancellationToken);

    private async Task EndAllAsync()
    {
        foreach (var entry in _entries.Values)
        {
            await EndAsync(entry);
        }
    }

    private async Task EndAsync(LocalEntry entry)
    {
        try
        {
            await entry.Gate.WaitAsync(_stopping.Token);
            try
            {
                await _runner.EndAsync(entry, again: true);
            }
            finally
            {
                entry.Gate.Release();
            }
        }
        catch (Exception exception) when (exception is not OperationCanceledException)
        {
            Log.EndFailed(_logger, exception, entry.Record.Spec.Name);
        }
    }

    private async Task StartAgainAsync(LocalEntry entry, TimeSpan after, CancellationToken cancellationToken)
    {
        await Task.Yield();
        while (true)
        {
            try
            {
                await Task.Delay(after, _time, cancellationToken);
                await entry.Gate.WaitAsync(cancellationToken);
            }
            catch (OperationCanceledException)
            {
                return;
            }

            try
            {
                if (cancellationToken.IsCancellationRequested || entry.IsRemoved)
                {
                    return;
                }

                _runner.Save(entry, entry.Record with { RestartCount = entry.Record.RestartCount + 1 });
                await _runner.StartAsync(entry, CancellationToken.None);
                entry.Restarting = false;
                return;
            }
            catch (Exception exception)
            {
                Log.NotStartedAgain(_logger, exception, entry.Record.Spec.Name);
                if (entry.Record.Spec.Restart is { Kind: RestartKind.OnFailure, MostRetries: > 0 and var most } && entry.Record.RestartCount >= most)
                {
                    return;
                }

                // Starting it has called off what waited; from here on this is it again.
                entry.BackOff = TimeSpan.FromTicks(Math.Min(Math.Max(entry.BackOff.Ticks, 1) * 2, TimeSpan.TicksPerMinute));
                _runner.Again(entry);
                return;
            }
            finally
            {
                entry.Gate.Release();
            }
        }
    }

    private Task<T> WithGateAsync<T>(string nameOrId, Func<LocalEntry, Task<T>> act, CancellationToken cancellationToken)
    {
        var entry = Find(nameOrId);
        return WithGateAsync(entry, () => act(entry), cancellationToken);
    }

    private static async Task<T> WithGateAsync<T>(LocalEntry entry, Func<Task<T>> act, CancellationToken cancellationToken)
    {
        await entry.Gate.WaitAsync(cancellationToken);
        try
        {
            return entry.IsRemoved ? throw Missing(entry.Id) : await act();
        }
        finally
        {
            entry.Gate.Release();
        }
    }

    private void Publish(EngineEventType type, LocalEntry entry, params (string Name, string Value)[] attributes)
    {
        var all = new Dictionary<string, string> { [EventAttributes.Name] = entry.Record.Spec.Name };
        foreach (var (name, value) in attributes)
        {
            all[name] = value;
        }

        _events.Publish(type, entry.Id, all, entry.Record.Spec.Process.Labels);
    }

    private static partial class Log
    {
        [LoggerMessage(LogLevel.Error, "Local container {Container} of an earlier run cannot be taken over")]
        public static partial void NotResumed(ILogger logger, Exception exception, string container);

        [LoggerMessage(LogLevel.Error, "The end of local container {Container} could not be dealt with")]
        public static partial void EndFailed(ILogger logger, Exception exception, string container);

        [LoggerMessage(LogLevel.Warning, "Local container {Container} could not be started again by its policy")]
        public static partial void NotStartedAgain(ILogger logger, Exception exception, string container);
    }
}
