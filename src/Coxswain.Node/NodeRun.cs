using Coxswain.Api.Core.V1;
using Coxswain.Client;
using Coxswain.Client.Events;
using Coxswain.Client.Informers;
using Coxswain.Engine.Logs;
using Coxswain.Linux.Mounts;
using Coxswain.Node.Containers;
using Coxswain.Node.Eviction;
using Coxswain.Node.Files;
using Coxswain.Node.Nodes;
using Coxswain.Node.Objects;
using Coxswain.Node.Options;
using Coxswain.Node.Planning;
using Coxswain.Node.Pods;
using Coxswain.Node.Probes;
using Coxswain.Node.Runtime;
using Coxswain.Node.Server;
using Coxswain.Node.StaticPods;
using Coxswain.Node.Stats;
using Coxswain.Node.Volumes;
using Microsoft.Extensions.Logging;

namespace Coxswain.Node;

/// <summary>
/// Everything a node agent consists of, made anew for each time it runs. It sees of the cluster what a node may see: its own Node and
/// Lease, the Pods bound to it, what these name, and Services.
/// </summary>
internal sealed class NodeRun : IAsyncDisposable
{
    private readonly InformerFactory _informers;
    private readonly EventBroadcaster _events;
    private readonly ObjectWatches<ConfigMap> _configMaps;
    private readonly ObjectWatches<Secret> _secrets;
    private readonly Prober _prober;
    private readonly HookRunner _hooks;
    private readonly PodManager _manager;
    private readonly StaticPodSource _staticPods;
    private readonly NodeReporter _reporter;
    private readonly EvictionLoop _eviction;
    private readonly LeaseLoop _lease;
    private readonly DiskMeter _disk;
    private readonly NodeServer? _server;

    public NodeRun(
        NodeAgentOptions options, IKubeClient client, IPodRuntime runtime, IMounts mounts, TimeProvider time, Random random,
        ILoggerFactory loggers, IPodTraffic? traffic)
    {
        var logger = loggers.CreateLogger<NodeAgent>();
        var paths = new NodePaths(options.DataDirectory, options.PodLogsDirectory);
        var machine = MachineInfo.Read(options.DataDirectory);
        var allocatable = NodeObject.Capacity(machine, options);
        _informers = new InformerFactory(client, time, random, loggers);
        _events = new EventBroadcaster(client, time, loggers.CreateLogger<EventBroadcaster>());
        var recorder = _events.RecorderFor("kubelet", options.NodeName);
        _configMaps = new ObjectWatches<ConfigMap>(client, time, logger);
        _secrets = new ObjectWatches<Secret>(client, time, logger);
        _prober = new Prober(runtime, time);
        _hooks = new HookRunner(runtime, time);
        var probes = new ProbeCounts();
        var claims = new ClaimedVolumes(client);
        var objects = new PodObjects(client, _informers.Of<Service>());
        var watched = new WatchedPodObjects(_configMaps, _secrets);
        var images = new ImagePuller(runtime, objects, recorder, time);
        var volumes = new NodeVolumes(
            paths, watched, new PodTokens(client), claims, new ImageVolumes(runtime, images), options.NodeAddress,
            allocatable, mounts, time);
        var starter = new ContainerStarter(
            runtime, images, new EnvironmentBuilder(objects, options.NodeAddress, allocatable),
            new ContainerConfigBuilder(paths, new SubPaths(paths, mounts), machine.MemoryBytes), paths, recorder);
        var workers = new PodWorkerFactory(
            client, runtime, paths, volumes, watched,
            new PodSandboxes(runtime, new RuntimeHandlers(client), paths, options.NodeName, options.ClusterDns, options.ClusterDomain), starter,
            new ContainerStopper(runtime, _hooks, new TrafficGate(traffic, time, logger), recorder, time), _hooks,
            new ProbeLoop(_prober, probes, time, logger), recorder,
            options.NodeAddress, time, logger);
        var pods = _informers.Of<Pod>(new InformerOptions(FieldSelector: $"spec.nodeName={options.NodeName}"));
        var manifests = new StaticManifests(paths.Manifests, options.NodeName, time, logger);
        manifests.Read(); // Before anything is removed that belongs to nobody.
        _manager = new PodManager(
            workers, new PodAdmission(allocatable, options.MaxPods, options.AllowedUnsafeSysctls),
            new OrphanedPods(runtime, volumes, paths, time, logger), runtime, pods, manifests.Contains, recorder);
        _staticPods = new StaticPodSource(
            paths.Manifests, manifests, new Mirrors(client, options.NodeName), _manager, pods, time, logger);
        var meter = new KernelNodeMeter(options.DataDirectory, options.ImageDirectory ?? options.DataDirectory);
        var pressure = new NodePressure(options.Eviction.TransitionPeriod, time);
        _eviction = new EvictionLoop(
            meter, pressure, options.Eviction, _manager, new PodUsageMeter(runtime, paths),
            new ImageCollector(runtime, meter, options.Eviction, time, logger), recorder, time, logger);
        _reporter = new NodeReporter(options, machine, client, runtime, pressure, recorder, time, logger);
        _lease = new LeaseLoop(options.NodeName, client, time, logger);
        _disk = new DiskMeter(runtime, paths, claims, time);
        _server = options.Server is { Certificate: not null } server
            ? new NodeServer(
                server, options, new NodeEndpoints(_manager, new LogReader(time), paths, time),
                new StatsEndpoints(
                    options, _manager, new PodMeter(runtime), _disk, probes, time),
                new StreamEndpoints(_manager, runtime, server.StreamingIdleTimeout, time, logger), loggers)
            : null;
    }

    /// <summary>The port of the node's endpoint once it runs; 0 when there is none.</summary>
    public int Port => _server?.Port ?? 0;

    /// <summary>Runs until cancelled, or until a part fails: then all are stopped, and it is thrown.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        var port = _server is null ? 0 : await _server.StartAsync(cancellationToken);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        Task[] parts =
        [
            _informers.RunAsync(stop.Token),
            _events.RunAsync(stop.Token),
            _manager.RunAsync(stop.Token),
            _staticPods.RunAsync(stop.Token),
            _reporter.RunAsync(port, stop.Token),
            _eviction.RunAsync(stop.Token),
            _lease.RunAsync(stop.Token),
        ];
        var first = await Task.WhenAny(parts);
        await stop.CancelAsync();
        await Task.WhenAll(parts).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ContinueOnCapturedContext);
        await first;
        cancellationToken.ThrowIfCancellationRequested();
        throw new InvalidOperationException("a part of the node agent ended by itself");
    }

    public async ValueTask DisposeAsync()
    {
        if (_server is not null)
        {
            await _server.DisposeAsync();
        }

        await _configMaps.DisposeAsync();
        await _secrets.DisposeAsync();
        _disk.Dispose();
        _prober.Dispose();
        _hooks.Dispose();
        _informers.Dispose();
    }
}
