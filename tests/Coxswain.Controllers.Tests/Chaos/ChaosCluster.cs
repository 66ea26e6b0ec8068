using Coxswain.Api.Errors;
using Coxswain.Api.Resources;
using Coxswain.Client.Informers;
using Coxswain.Controllers.Management;
using Coxswain.Controllers.Tests.Storage;
using Coxswain.Testing.Cluster;
using Microsoft.Extensions.Logging.Abstractions;

namespace Coxswain.Controllers.Tests.Chaos;

/// <summary>
/// All controllers and three nodes under virtual time, with controllers that can be killed and a server that refuses now and then.
/// One seed decides everything.
/// </summary>
internal sealed class ChaosCluster : IAsyncDisposable
{
    private readonly TestCluster _cluster;
    private readonly Random _random;
    private Controllers _controllers;

    private ChaosCluster(TestCluster cluster, int seed)
    {
        (_cluster, _random) = (cluster, new Random(seed));
        Nodes = [.. Enumerable.Range(1, 3).Select(i => new SimulatedNode(cluster.Server.Admin, cluster.Time, new Random(seed + i), $"node-{i}", i))];
        _controllers = StartControllers();
    }

    public TestCluster Cluster => _cluster;

    public IReadOnlyList<SimulatedNode> Nodes { get; }

    public TestFolders Folders { get; } = new();

    /// <summary>How the controllers of this life fare.</summary>
    public IReadOnlyList<ControllerStatus> Status => _controllers.Manager?.Status ?? [];

    /// <summary>One of a hundred requests of the controllers is refused while it is set.</summary>
    public bool RefusesSome { get; set; }

    public static async Task<ChaosCluster> StartAsync(int seed)
    {
        var chaos = new ChaosCluster(await TestCluster.StartAsync(), seed);
        foreach (var node in chaos.Nodes)
        {
            chaos._cluster.Run(node.RunAsync);
        }

        chaos._cluster.Advance(TimeSpan.FromSeconds(5));
        await ChaosWorkloads.CreateAsync(chaos._cluster.Client, default);
        return chaos;
    }

    /// <summary>The controllers die in the middle of what they do: after a few more requests no other reaches the server.</summary>
    public void KillControllers() => _controllers.Fuse ??= _random.Next(40);

    /// <summary>Lets time pass, in pieces, after each of which others take the place of controllers that have died.</summary>
    public async Task AdvanceAsync(TimeSpan by)
    {
        var end = _cluster.Time.GetUtcNow() + by;
        while (_cluster.Time.GetUtcNow() is var now && now < end)
        {
            var piece = TimeSpan.FromMilliseconds(_random.Next(100, 10_000));
            _cluster.Advance(now + piece < end ? piece : end - now);
            if (_controllers.IsDead)
            {
                await _cluster.StopAsync(_controllers.Part!); // Set where they are started.
                _controllers = StartControllers();
            }
        }
    }

    public ValueTask DisposeAsync() => _cluster.DisposeAsync();

    private Controllers StartControllers()
    {
        var controllers = new Controllers();
        controllers.Part = _cluster.RunStoppable(stopping => RunAsync(controllers, stopping));
        return controllers;
    }

    private async Task RunAsync(Controllers controllers, CancellationToken stopping)
    {
        var clients = new InterceptedClients(_cluster.PartClients, (verb, resource) => BeforeRequest(controllers, verb, resource));
        using var informers = new InformerFactory(clients.ForUser(ControllerManager.User), _cluster.Time, new Random(_random.Next()), NullLoggerFactory.Instance);
        var manager = new ControllerManager(
            clients, _cluster.Server.Host.Discovery, informers, _cluster.Time, new Random(_random.Next()), NullLoggerFactory.Instance, new ControllerOptions { VolumeFolders = Folders });
        controllers.Manager = manager;
        await Task.WhenAll(informers.RunAsync(stopping), manager.RunAsync(stopping));
    }

    private void BeforeRequest(Controllers controllers, string verb, ApiResource resource)
    {
        controllers.Fuse--;
        if (controllers.IsDead || (RefusesSome && _random.Next(100) == 0))
        {
            throw new KubeStatusException(Statuses.ServiceUnavailable($"refused: {verb} {resource.QualifiedName}"));
        }
    }

    /// <summary>One life of the controllers.</summary>
    private sealed class Controllers
    {
        public StoppablePart? Part { get; set; }

        public ControllerManager? Manager { get; set; }

        /// <summary>How many requests they have left; null when they live on.</summary>
        public int? Fuse { get; set; }

        public bool IsDead => Fuse <= 0;
    }
}
