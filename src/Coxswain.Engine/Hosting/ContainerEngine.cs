using Coxswain.Engine.Claims;
using Coxswain.Engine.Containers;
using Coxswain.Engine.Containers.Execs;
using Coxswain.Engine.Containers.Lifecycle;
using Coxswain.Engine.Containers.Records;
using Coxswain.Engine.Containers.Tasks;
using Coxswain.Engine.Events;
using Coxswain.Engine.Logs;
using Coxswain.Engine.Networks;
using Coxswain.Engine.Sandboxes;
using Coxswain.Engine.Snapshots;
using Coxswain.Linux.Cgroups;
using Coxswain.Linux.Files;
using Coxswain.Linux.Links;
using Coxswain.Linux.Mounts;
using Coxswain.Linux.Namespaces;
using Coxswain.Linux.Nftables;
using Coxswain.Linux.Processes;
using Microsoft.Extensions.Logging;

namespace Coxswain.Engine.Hosting;

/// <summary>One engine over one pair of directories, which it alone has while it lives.</summary>
public sealed class ContainerEngine : IAsyncDisposable
{
    private readonly KernelEvents _kernel = new();
    private readonly EventLog _events;
    private readonly ContainerManager _containers;
    private readonly IMounts _mounts = new KernelMounts();
    private readonly LogRotator _rotator;
    private readonly CancellationTokenSource _stopping = new();
    private readonly List<DirectoryLock> _locks = [];
    private readonly MachineClaims _claims;
    private readonly HostSandboxes _sandboxes;
    private Task _rotating = Task.CompletedTask;
    private Task _watching = Task.CompletedTask;
    private int _disposed;

    public ContainerEngine(EngineOptions options, TimeProvider time, ILoggerFactory loggers)
    {
        Options = options;
        _events = new EventLog(time);
        Processes = new ProcessRunner(_kernel);
        Cgroups = new KernelCgroups(time);
        Groups = new SandboxGroups(options, Cgroups, time);
        Snapshots = new OverlaySnapshots(options, _mounts);
        _containers = MakeContainers(time, loggers);
        _rotator = new LogRotator(LogsBeingWritten, _containers.ReopenLogAsync, time, loggers.CreateLogger<LogRotator>());
        var namespaces = new KernelNamespaces();
        _sandboxes = new HostSandboxes(options, namespaces, _mounts);
        var ranges = options.Network is { } network ? network.ClusterNetworks.Append(network.Subnet) : [];
        _claims = new MachineClaims(
            options.ClaimsDirectory,
            new Claim(options.DataDirectory, options.CgroupParent, [.. ranges.Select(range => range.ToString())]),
            Cgroups);
        Network = options.Network is null
            ? null
            : new BridgeNetwork(
                options,
                options.Network,
                new RtnetlinkLinks(),
                namespaces,
                new NftCommand(Processes, options.NftablesTable),
                _mounts,
                _claims,
                new ForwardPolicy(Processes),
                new NetworkWatch(_kernel, time, loggers.CreateLogger<NetworkWatch>()),
                loggers.CreateLogger<BridgeNetwork>());
    }

    public EngineOptions Options { get; }

    public ISnapshots Snapshots { get; }

    public IContainers Containers => _containers;

    /// <summary>Everything that happens; images' part is published by who changes them.</summary>
    public IEngineEvents Events => _events;

    /// <summary>Null when the options have no network.</summary>
    public IContainerNetwork? Network { get; }

    /// <summary>Sandboxes without a network of their own.</summary>
    public ISandboxes Sandboxes => _sandboxes;

    /// <summary>What sandboxes may use as a whole.</summary>
    public SandboxGroups Groups { get; }

    public ICgroups Cgroups { get; }

    public IProcessRunner Processes { get; }

    /// <summary>
    /// Takes the directories and the machine's things, adopts what an earlier engine left running and brings the network up. Call
    /// once, first. A start that fails takes back what it made, and lets go.
    /// </summary>
    /// <exception cref="EngineInUseException">Another engine has the directories, or one of the things.</exception>
    public async Task StartAsync(CancellationToken cancellationToken)
    {
        TakeDirectories();
        try
        {
            _claims.Take(Things);
            var network = Network?.EnsureAsync(cancellationToken) ?? Task.CompletedTask;
            await Task.WhenAll(network, _containers.AdoptAsync(cancellationToken));
        }
        catch
        {
            _claims.Dispose();
            ReleaseDirectories();
            throw;
        }

        _rotating = _rotator.RunAsync(_stopping.Token);
        _watching = Network?.WatchAsync(_stopping.Token) ?? Task.CompletedTask;
    }

    /// <summary>
    /// Takes the directories and adopts what runs, but brings nothing up: for who is about to end or remove it all. Works also while
    /// another engine has the machine's things, whose network and control group are then left alone.
    /// </summary>
    /// <exception cref="EngineInUseException">Another engine has the directories.</exception>
    public async Task AdoptAsync(CancellationToken cancellationToken)
    {
        TakeDirectories();
        try
        {
            _claims.Take(Things);
        }
        catch (EngineInUseException)
        {
            // Then nothing of them was ever ours, or is no longer.
        }

        await _containers.AdoptAsync(cancellationToken);
    }

    /// <summary>
    /// Removes every container, snapshot, network device, rule, control group and directory of this engine; the data and
    /// run directories themselves stay, as others may keep things there. Works without <see cref="StartAsync"/> too, on
    /// what an earlier engine left. The engine is of no use afterwards.
    /// </summary>
    /// <exception cref="EngineInUseException">Another engine has the directories.</exception>
    public async Task DeleteAllAsync(CancellationToken cancellationToken)
    {
        TakeDirectories();
        string[] directories =
        [
            .. new[] { "containers", "snapshots" }.Select(name => Path.Combine(Options.DataDirectory, name)),
            .. new[] { "bundles", "execs", "runc", "exits" }.Select(name => Path.Combine(Options.RunDirectory, name)),
        ];
        // What somebody mounted there is not ours to delete. Containers that still run keep their mounts: they have their own namespace.
        Array.ForEach(directories, _mounts.UnmountBelow);
        await AdoptAsync(cancellationToken);
        await _containers.DeleteAllAsync(cancellationToken);
        foreach (var snapshot in Snapshots.ListIds())
        {
            await Snapshots.RemoveAsync(snapshot, cancellationToken);
        }

        if (Network is not null)
        {
            await Network.DeleteAllAsync(cancellationToken);
        }

        _sandboxes.RemoveAll();
        if (_claims.Has(ControlGroup))
        {
            await Cgroups.RemoveAsync(Options.CgroupParent, cancellationToken);
        }

        foreach (var directory in directories)
        {
            TreeRemover.Remove(directory);
        }

        _claims.Forget();
    }

    /// <summary>Lets go: containers keep running and can be adopted by another engine.</summary>
    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _disposed, 1) != 0)
        {
            return;
        }

        await _stopping.CancelAsync();
        await Task.WhenAll(_rotating, _watching);
        await _containers.DisposeAsync();
        (Network as IDisposable)?.Dispose();
        _kernel.Dispose();
        _stopping.Dispose();
        _claims.Dispose();
        ReleaseDirectories();
    }

    /// <summary>Whether what of the machine only one engine can have (bridge, tables, control group) is this engine's.</summary>
    public bool OwnsMachineThings => _claims.Has(ControlGroup);

    private string ControlGroup => $"control group {Options.CgroupParent}";

    /// <summary>What of the machine only one engine can have.</summary>
    private IReadOnlyList<string> Things =>
        [ControlGroup, .. Options.Network is { } network ? BridgeNetwork.Claims(Options, network) : []];

    /// <summary>Before anything in them is looked at: what another engine is making looks like what a dead one left.</summary>
    private void TakeDirectories()
    {
        if (_locks.Count > 0)
        {
            return;
        }

        foreach (var directory in new[] { Options.DataDirectory, Options.RunDirectory })
        {
            Directory.CreateDirectory(directory);
            if (DirectoryLock.TryTake(directory) is not { } taken)
            {
                ReleaseDirectories();
                throw new EngineInUseException($"{directory} is in use by another engine; stop it first");
            }

            _locks.Add(taken);
        }
    }

    private void ReleaseDirectories()
    {
        _locks.ForEach(taken => taken.Dispose());
        _locks.Clear();
    }

    private IEnumerable<RotatedLog> LogsBeingWritten() =>
        from status in _containers.List()
        let path = status.Spec.LogPath
        where status.State == ContainerState.Running && path is not null
        select new RotatedLog(status.Id, path, status.Spec.LogMostBytes, status.Spec.LogMostFiles);

    private ContainerManager MakeContainers(TimeProvider time, ILoggerFactory loggers)
    {
        var paths = new ContainerPaths(Options);
        var watcher = new ProcessWatcher(_kernel);
        var store = new ContainerStore(paths, loggers.CreateLogger<ContainerStore>());
        var cleaner = new TaskCleaner(paths, Cgroups, _mounts, watcher);
        var remover = new ContainerRemover(Options, paths, store, cleaner, Snapshots, Cgroups);
        var maker = new TaskMaker(paths, Snapshots, Cgroups, new Conmon(Options, paths, Processes), time);
        var starter = new TaskStarter(paths, store, maker, cleaner, new FifoGate(_kernel), watcher, time);
        var monitor = new TaskMonitor(paths, Cgroups, watcher, time);
        var adoption = new ContainerAdoption(
            paths, store, remover, cleaner, monitor, starter, loggers.CreateLogger<ContainerAdoption>());
        return new ContainerManager(
            paths,
            store,
            new ContainerCreator(Options, store, remover, Snapshots, time),
            remover,
            adoption,
            starter,
            monitor,
            new TaskUpdater(Options, paths, Processes),
            new TaskFreezer(Options, paths, Processes),
            new ExecManager(new ContainerExecutor(Options, paths, Processes, _kernel), _events, time),
            new LogReader(time),
            Cgroups,
            _events,
            time,
            loggers.CreateLogger<ContainerManager>());
    }
}
