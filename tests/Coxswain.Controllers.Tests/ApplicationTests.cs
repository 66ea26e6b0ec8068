using Coxswain.Api.Apps.V1;
using Coxswain.Api.Core.V1;
using Coxswain.Api.Discovery.V1;
using Coxswain.Api.Meta.V1;
using Coxswain.Client;
using Coxswain.Client.Informers;
using Coxswain.Controllers.Management;
using Coxswain.Controllers.Tests.Apps;
using Coxswain.Testing.Client;
using Coxswain.Testing.Cluster;
using Microsoft.Extensions.Logging.Abstractions;
using V1Node = Coxswain.Api.Core.V1.Node;

namespace Coxswain.Controllers.Tests;

/// <summary>The whole life of an application as it is: by the real clock, on many threads, over the server's sockets.</summary>
public sealed class ApplicationTests : IAsyncLifetime
{
    private readonly CancellationTokenSource _stop = new();
    private TestApiServer _server = null!; // Set before each test.
    private IKubeClient _client = null!;
    private InformerFactory _informers = null!;
    private Task _running = Task.CompletedTask;

    public async Task InitializeAsync()
    {
        _server = await TestApiServer.StartAsync(TimeProvider.System, overHttp: true);
        _client = _server.Connect();
        _informers = new InformerFactory(_client, TimeProvider.System, new Random(1), NullLoggerFactory.Instance);
        var manager = new ControllerManager(
            new OneClient(_client), _server.Host.Discovery, _informers, TimeProvider.System, new Random(2), NullLoggerFactory.Instance, new ControllerOptions());
        _running = Task.WhenAll(_informers.RunAsync(_stop.Token), manager.RunAsync(_stop.Token), SimulatedKubelet.RunAsync(_client, _stop.Token));
    }

    public async Task DisposeAsync()
    {
        await _stop.CancelAsync();
        await _running;
        _informers.Dispose();
        (_client as IDisposable)?.Dispose();
        await _server.DisposeAsync();
        _stop.Dispose();
    }

    [Fact]
    public async Task Application_LivesAndEnds_OverHttp()
    {
        var node = await _client.CreateAsync(new V1Node { Metadata = ObjectMeta.Empty with { Name = "node-1" } }, default);
        var capacity = new Dictionary<string, Api.Scalars.Quantity>
        {
            ["cpu"] = Api.Scalars.Quantity.Parse("4"), ["memory"] = Api.Scalars.Quantity.Parse("8Gi"), ["pods"] = Api.Scalars.Quantity.Parse("110"),
        };
        var ready = new NodeCondition { Type = "Ready", Status = "True", LastHeartbeatTime = DateTimeOffset.UnixEpoch };
        var metadata = node.Metadata with { ResourceVersion = "" };
        await _client.UpdateStatusAsync(node with { Metadata = metadata, Status = new NodeStatus { Allocatable = capacity, Conditions = [ready] } }, default);
        await _client.CreateAsync(Deployments.Web(30), default);
        await _client.WaitForAsync<Deployment>("30 available replicas", list => list.Any(Deployments.IsDone));

        await _client.CreateAsync(
            new Service
            {
                Metadata = ObjectMeta.Empty with { Name = "web", Namespace = "default" },
                Spec = new ServiceSpec { Selector = Deployments.Labels, Ports = [new ServicePort { Port = 80, TargetPort = 8080 }] },
            },
            default);
        await _client.WaitForAsync<EndpointSlice>("30 endpoints", slices =>
            slices.Where(slice => slice.Metadata.Labels.GetValueOrDefault("kubernetes.io/service-name") == "web")
                .Sum(slice => slice.Endpoints.Count(endpoint => endpoint.Conditions.Ready == true)) == 30);

        await _client.PatchAsync<Deployment>("default", "web", new KubePatch(PatchType.StrategicMerge, """
            {"spec":{"replicas":10,"template":{"spec":{"containers":[{"name":"web","image":"web:2"}]}}}}
            """u8.ToArray()), default);
        await _client.WaitForAsync<Deployment>("the roll-out", list =>
            list.Any(deployment => deployment.Metadata.Generation >= 2 && Deployments.IsDone(deployment)));
        await _client.WaitForAsync<Event>("its events", events =>
            events.Any(recorded => recorded.Reason == "ScalingReplicaSet") && events.Any(recorded => recorded.Reason == "Scheduled"));

        await _client.DeleteAsync<Deployment>("default", "web", DeleteOptions.Empty with { PropagationPolicy = "Foreground" }, default);
        await _client.WaitForAsync<Deployment>("no Deployment", list => list.Count == 0);
        await _client.WaitForAsync<Pod>("no pods", list => list.Count == 0);

        await _client.CreateAsync(new Namespace { Metadata = ObjectMeta.Empty with { Name = "team" } }, default);
        var web = Deployments.Web(3);
        await _client.CreateAsync(web with { Metadata = web.Metadata with { Namespace = "team" } }, default);
        await _client.WaitForAsync<Deployment>("3 available replicas", list => list.Any(Deployments.IsDone));
        await _client.DeleteAsync<Namespace>(null, "team", DeleteOptions.Empty, default);
        await _client.WaitForAsync<Namespace>("no namespace", list => list.All(space => space.Metadata.Name != "team"));
    }
}
