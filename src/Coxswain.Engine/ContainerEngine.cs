using Coxswain.Engine.Containers;
using Coxswain.Engine.Networks;
using Coxswain.Engine.Snapshots;
using Coxswain.Linux.Cgroups;
using Coxswain.Linux.Files;
using Coxswain.Linux.Links;
using Coxswain.Linux.Mounts;
using Coxswain.Linux.Namespaces;
using Coxswain.Linux.Nftables;
using Coxswain.Linux.Processes;
using Microsoft.Extensions.Logging;

namespace Coxswain.Engine;

/// <summary>One engine over one pair of directories: what the node agent and the Docker API both use.</summary>
public sealed class ContainerEngine : IAsyncDisposable
{
    private readonly KernelEvents _events = new();
    private readonly ContainerManager _containers;
    private readonly IMounts _mounts = new KernelMounts();
    private int _disposed;

    public ContainerEngine(EngineOptions options, TimeProvider time, ILoggerFactory loggers)
    {
        Options = options;
        Processes = new ProcessRunner(_events);
        Cgroups = new KernelCgroups(time);
        Snapshots = new OverlaySnapshots(options, _mounts);
        _containers = MakeContainers(time, loggers);
        Network = options.Network is null
            ? null
            : new BridgeNetwork(
                options,
                options.Network,
                new RtnetlinkLinks(),
                new KernelNamespaces(),
                new NftCommand(Processes, options.NftablesTable),
                _mounts,
                loggers.CreateLogger<BridgeNetwork>());
    }

    public EngineOptions Options { get; }

    public ISnapshots Snapshots { get; }

    public IContainers Containers => _containers;

    /// <summary>Null when the options have no network.</summary>
    public IContainerNetwork? Network { get; }

    public ICgroups Cgroups { get; }

    public IProcessRunner Processes { get; }

    /// <summary>Adopts what an earlier engine left running and brings the network up. Call once, first.</summary>
    public async Task StartAsync(CancellationToken cancellationToken)
    {
        Directory.CreateDirectory(Options.DataDirectory);
        Directory.CreateDirectory(Options.RunDirectory);
        var network = Network?.EnsureAsync(cancellationToken) ?? Task.CompletedTask;
        await Task.WhenAll(network, _containers.AdoptAsync(cancellationToken));
    }

    /// <summary>
    /// Removes every container, snapshot, network device, rule, control group and directory of this engine; the data and
    /// run directories themselves stay, as others may keep things there. Works without <see cref="StartAsync"/> too, on
    /// what an earlier engine left. The engine is of no use afterwards.
    /// </summary>
    public async Task DeleteAllAsync(CancellationToken cancellationToken)
    {
        await _containers.AdoptAsync(cancellationToken);
        await _containers.DeleteAllAsync(cancellationToken);
        foreach (var snapshot in Snapshots.List())
        {
            await Snapshots.RemoveAsync(snapshot.Id, cancellationToken);
        }

        if (Network is not null)
        {
            await Network.DeleteAllAsync(cancellationToken);
        }

        await Cgroups.RemoveAsync(Options.CgroupParent, cancellationToken);
        foreach (var directory in new[] { "containers", "snapshots" }.Select(name => Path.Combine(Options.DataDirectory, name))
            .Concat(new[] { "bundles", "runc", "exits" }.Select(name => Path.Combine(Options.RunDirectory, name))))
        {
            TreeRemover.Remove(directory);
        }
    }

    /// <summary>Lets go: containers keep running and can be adopted by another engine.</summary>
    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _disposed, 1) != 0)
        {
            return;
        }

        await _containers.DisposeAsync();
        (Network as IDisposable)?.Dispose();
        _events.Dispose();
    }

    private ContainerManager MakeContainers(TimeProvider time, ILoggerFactory loggers)
    {
        var paths = new ContainerPaths(Options);
        var watcher = new ProcessWatcher(_events);
        var store = new ContainerStore(paths, loggers.CreateLogger<ContainerStore>());
        var remover = new ContainerRemover(paths, store, Snapshots, Cgroups, watcher);
        var conmon = new Conmon(Options, paths, Processes);
        return new ContainerManager(
            paths,
            store,
            new ContainerCreator(Options, paths, store, remover, Snapshots, Cgroups, conmon, time),
            remover,
            new ContainerMonitor(paths, Cgroups, watcher, time),
            new ContainerExecutor(Options, paths, Processes, _events),
            Cgroups,
            new FifoGate(_events),
            watcher,
            time,
            loggers.CreateLogger<ContainerManager>());
    }
}
