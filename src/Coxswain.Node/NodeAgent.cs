using Coxswain.Api.Core.V1;
using Coxswain.Client;
using Coxswain.Client.Events;
using Coxswain.Client.Informers;
using Coxswain.Engine.Logs;
using Coxswain.Linux.Mounts;
using Coxswain.Node.Containers;
using Coxswain.Node.Files;
using Coxswain.Node.Nodes;
using Coxswain.Node.Objects;
using Coxswain.Node.Pods;
using Coxswain.Node.Probes;
using Coxswain.Node.Runtime;
using Coxswain.Node.Server;
using Coxswain.Node.Volumes;
using Microsoft.Extensions.Logging;

namespace Coxswain.Node;

/// <summary>One node of a cluster: runs the pods bound to it and reports how they and the node are. Only <see cref="RunAsync"/> starts work.</summary>
public sealed class NodeAgent : IAsyncDisposable
{
    private readonly NodeAgentOptions _options;
    private readonly ObjectWatches<ConfigMap> _configMaps;
    private readonly ObjectWatches<Secret> _secrets;
    private readonly Prober _prober;
    private readonly HookRunner _hooks;
    private readonly PodManager _manager;
    private readonly NodeReporter _reporter;
    private readonly LeaseLoop _lease;
    private readonly NodeServer? _server;

    /// <param name="informers">Must be run by the caller.</param>
    /// <param name="events">Must be run by the caller.</param>
    public NodeAgent(
        NodeAgentOptions options, IKubeClient client, InformerFactory informers, EventBroadcaster events, IPodRuntime runtime, IMounts mounts,
        TimeProvider time, ILoggerFactory loggers)
    {
        _options = options;
        Directory.CreateDirectory(options.DataDirectory);
        var logger = loggers.CreateLogger<NodeAgent>();
        var paths = new NodePaths(options.DataDirectory, options.PodLogsDirectory);
        var machine = MachineInfo.Read(options.DataDirectory);
        var allocatable = NodeObject.Capacity(machine, options);
        var recorder = events.RecorderFor("kubelet", options.NodeName);
        _configMaps = new ObjectWatches<ConfigMap>(client, time, logger);
        _secrets = new ObjectWatches<Secret>(client, time, logger);
        _prober = new Prober(runtime, time);
        _hooks = new HookRunner(runtime, time);
        var objects = new PodObjects(client, informers.Of<Service>());
        var services = new PodServices(
            options, paths, client, runtime, mounts, recorder,
            new WatchedPodObjects(_configMaps, _secrets), new PodTokens(client), new ClaimedVolumes(client), allocatable,
            new PodSandboxes(runtime, paths, options),
            new ContainerStarter(
                runtime, new ImagePuller(runtime, objects, recorder, time), new EnvironmentBuilder(objects, options.NodeAddress, allocatable),
                new ContainerConfigBuilder(paths, machine.MemoryBytes), paths, recorder),
            new ContainerStopper(runtime, _hooks, recorder, time), _hooks, new ProbeLoop(_prober, time, logger), time, logger);
        var pods = informers.Of<Pod>(new InformerOptions(FieldSelector: $"spec.nodeName={options.NodeName}"));
        _manager = new PodManager(services, pods);
        _reporter = new NodeReporter(options, machine, client, runtime, recorder, time, logger);
        _lease = new LeaseLoop(options, client, time, logger);
        _server = options.Server is { Certificate: not null } server
            ? new NodeServer(server, options, new NodeEndpoints(_manager, runtime, new LogReader(time), paths, time), loggers)
            : null;
    }

    /// <summary>The port of the node's endpoint once it runs; 0 when there is none.</summary>
    public int Port => _server?.Port ?? 0;

    /// <summary>Runs until cancelled. Pods go on running and are adopted by the next agent over the same directories.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        var serverPort = 0;
        if (_server is not null)
        {
            serverPort = await _server.StartAsync(cancellationToken);
        }

        try
        {
            await Task.WhenAll(
                _reporter.RunAsync(serverPort, cancellationToken),
                _lease.RunAsync(cancellationToken),
                _manager.RunAsync(cancellationToken));
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
        }
    }

    /// <summary>For the end of a cluster: removes every pod's containers, sandbox, mounts, files and logs. No agent may run.</summary>
    public static async Task DeleteAllAsync(NodeAgentOptions options, IPodRuntime runtime, IMounts mounts, CancellationToken cancellationToken)
    {
        var paths = new NodePaths(options.DataDirectory, options.PodLogsDirectory);
        var uids = runtime.ListSandboxes().Select(sandbox => sandbox.Config.Id)
            .Concat(runtime.ListContainers().Select(container => container.SandboxId))
            .Concat(Directory.Exists(paths.Pods) ? Directory.EnumerateDirectories(paths.Pods).Select(path => Path.GetFileName(path)) : [])
            .Where(uid => uid.Length > 0).ToHashSet(StringComparer.Ordinal);
        await Task.WhenAll(uids.Select(uid => runtime.RemoveSandboxAsync(uid, cancellationToken)));
        foreach (var uid in uids)
        {
            PodVolumes.TearDown(uid, paths, mounts);
        }

        if (Directory.Exists(options.PodLogsDirectory))
        {
            foreach (var logs in Directory.EnumerateDirectories(options.PodLogsDirectory))
            {
                if (uids.Contains(logs[(logs.LastIndexOf('_') + 1)..]))
                {
                    PodRemoval.Remove(logs);
                }
            }
        }

        PodRemoval.Remove(options.DataDirectory);
    }

    public async ValueTask DisposeAsync()
    {
        if (_server is not null)
        {
            await _server.DisposeAsync();
        }

        await _configMaps.DisposeAsync();
        await _secrets.DisposeAsync();
        _prober.Dispose();
        _hooks.Dispose();
    }
}
