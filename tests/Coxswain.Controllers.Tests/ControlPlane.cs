using Coxswain.Api;
using Coxswain.Api.Core.V1;
using Coxswain.Api.Meta.V1;
using Coxswain.Api.Resources;
using Coxswain.Api.Scalars;
using Coxswain.Client;
using Coxswain.Client.Events;
using Coxswain.Client.Informers;
using Coxswain.Controllers.Management;
using Coxswain.Testing.Cluster;
using Coxswain.Testing.Time;
using Microsoft.Extensions.Logging.Abstractions;
using V1Node = Coxswain.Api.Core.V1.Node;

namespace Coxswain.Controllers.Tests;

/// <summary>Controllers in a <see cref="TestCluster"/>: all of them, with nodes that run every pod at once, or just some.</summary>
internal sealed class ControlPlane : IAsyncDisposable
{
    private readonly TestCluster _cluster;
    private readonly IKubeDiscovery _discovery;
    private readonly IKubeClientSource _clients;
    private readonly InformerFactory _informers;

    private ControlPlane(TestCluster cluster, Action<string, ApiResource>? beforeRequest, Func<ApiResource, ApiResource>? discovered = null)
    {
        _cluster = cluster;
        _discovery = discovered is null ? cluster.Server.Host.Discovery : new FilteredDiscovery(cluster.Server.Host.Discovery, discovered);
        _clients = beforeRequest is null ? cluster.PartClients : new InterceptedClients(cluster.PartClients, beforeRequest);
        _informers = new InformerFactory(_clients.ForUser(ControllerManager.User), Time, new Random(1), NullLoggerFactory.Instance);
    }

    public TestCluster Cluster => _cluster;

    /// <summary>All the controllers; null when just some were started.</summary>
    public ControllerManager? Manager { get; private set; }

    public IKubeClient Client => _cluster.Client;

    public VirtualTime Time => _cluster.Time;

    public DateTimeOffset Start => _cluster.Start;

    /// <summary>Starts all controllers.</summary>
    /// <param name="beforeRequest">Sees each request of the controllers, and may refuse it.</param>
    /// <param name="discovered">What the controllers find of each resource that is served.</param>
    public static async Task<ControlPlane> StartAsync(
        ControllerOptions? options = null, bool runPods = true, Action<string, ApiResource>? beforeRequest = null,
        Func<ApiResource, ApiResource>? discovered = null)
    {
        var plane = new ControlPlane(await TestCluster.StartAsync(), beforeRequest, discovered);
        plane.Manager = new ControllerManager(
            plane._clients, plane._discovery, plane._informers, plane.Time, new Random(2), NullLoggerFactory.Instance, options ?? new ControllerOptions());
        plane._cluster.Run(plane._informers.RunAsync);
        plane._cluster.Run(plane.Manager.RunAsync);
        if (runPods)
        {
            plane._cluster.Run(stopping => SimulatedKubelet.RunAsync(plane._cluster.Server.Admin, stopping));
        }

        plane._cluster.Settle();
        return plane;
    }

    /// <summary>Starts just these controllers, in a namespace that has its account.</summary>
    public static async Task<ControlPlane> StartAsync(params Func<ControllerContext, IController>[] controllers)
    {
        var plane = new ControlPlane(await TestCluster.StartAsync(), beforeRequest: null);
        await plane.Client.CreateAsync(new ServiceAccount { Metadata = ObjectMeta.Empty with { Name = "default", Namespace = "default" } }, default);
        var events = new EventBroadcaster(plane._clients.ForUser(ControllerManager.User), plane.Time, NullLogger<EventBroadcaster>.Instance);
        var context = new ControllerContext(plane._clients, plane._informers, plane._discovery, events, plane.Time, NullLoggerFactory.Instance);
        plane._cluster.Run(events.RunAsync);
        foreach (var make in controllers)
        {
            plane._cluster.Run(stopping => RunAsync(make(context), stopping));
        }

        plane._cluster.Run(plane._informers.RunAsync);
        plane._cluster.Settle();
        return plane;
    }

    public Task<V1Node> AddNodeAsync(string name, string cpu = "4", string memory = "8Gi", params Taint[] taints) =>
        _cluster.CreateWithStatusAsync(new V1Node
        {
            Metadata = ObjectMeta.Empty with { Name = name, Labels = new Dictionary<string, string> { ["kubernetes.io/hostname"] = name } },
            Spec = new NodeSpec { Taints = taints },
            Status = new NodeStatus
            {
                Allocatable = new Dictionary<string, Quantity>
                {
                    ["cpu"] = Quantity.Parse(cpu), ["memory"] = Quantity.Parse(memory), ["pods"] = Quantity.Parse("110"),
                },
                Conditions = [new NodeCondition { Type = "Ready", Status = "True", LastHeartbeatTime = DateTimeOffset.UnixEpoch }],
            },
        });

    /// <inheritdoc cref="TestCluster.WaitForAsync"/>
    public Task<IReadOnlyList<T>> WaitForAsync<T>(string what, Func<IReadOnlyList<T>, bool> holds)
        where T : class, IKubeObject<T> =>
        _cluster.WaitForAsync(what, holds);

    /// <inheritdoc cref="TestCluster.AdvanceTo"/>
    public void AdvanceTo(double seconds) => _cluster.AdvanceTo(seconds);

    /// <summary>Reads the object, changes it and writes it back.</summary>
    public async Task<T> UpdateAsync<T>(string? @namespace, string name, Func<T, T> change)
        where T : class, IKubeObject<T> =>
        await Client.UpdateAsync(change(await Client.GetAsync<T>(@namespace, name, default)), default);

    /// <inheritdoc cref="UpdateAsync"/>
    public async Task<T> UpdateStatusAsync<T>(string? @namespace, string name, Func<T, T> change)
        where T : class, IKubeObject<T> =>
        await Client.UpdateStatusAsync(change(await Client.GetAsync<T>(@namespace, name, default)), default);

    public async ValueTask DisposeAsync()
    {
        await _cluster.DisposeAsync();
        _informers.Dispose();
    }

    private static async Task RunAsync(IController controller, CancellationToken stopping)
    {
        try
        {
            await controller.RunAsync(stopping);
        }
        catch (OperationCanceledException) when (stopping.IsCancellationRequested)
        {
            // Stopped while it waited for its caches.
        }
    }
}
