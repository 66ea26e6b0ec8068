using Coxswain.Api.Apps.V1;
using Coxswain.Api.Core.V1;
using Coxswain.Api.Discovery.V1;
using Coxswain.Api.Meta.V1;
using Coxswain.Client;
using Coxswain.Controllers.Tests.Apps;
using Xunit.Abstractions;

namespace Coxswain.Controllers.Tests;

/// <summary>The whole life of an application, through the real API server with its defaulting, validation and admission.</summary>
public sealed class ServedControlPlaneTests(ITestOutputHelper output)
{
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Application_LivesAndEnds_ThroughTheRealServer(bool overHttp)
    {
        await using var served = await ServedControlPlane.StartAsync(overHttp);
        var cluster = served.Cluster;
        await cluster.AddNodeAsync("node-1");
        await cluster.WaitForAsync<ServiceAccount>("the default account", accounts => accounts.Any(account => account.Metadata is { Name: "default", Namespace: "default" }));

        var clock = TimeProvider.System.GetTimestamp();
        void Tell(string what)
        {
            output.WriteLine($"{what}: {TimeProvider.System.GetElapsedTime(clock).TotalMilliseconds:0} ms");
            clock = TimeProvider.System.GetTimestamp();
        }

        await cluster.Client.CreateAsync(Deployments.Web(30), default);
        await cluster.WaitForAsync<Deployment>("30 available replicas", list => list.Any(deployment => Deployments.IsDone(deployment)));
        Tell("Deployment of 30 available");

        await cluster.Client.CreateAsync(
            new Service
            {
                Metadata = ObjectMeta.Empty with { Name = "web", Namespace = "default" },
                Spec = new ServiceSpec { Selector = Deployments.Labels, Ports = [new ServicePort { Port = 80, TargetPort = 8080 }] },
            },
            default);
        await cluster.WaitForAsync<EndpointSlice>("30 endpoints", slices =>
            slices.Where(slice => slice.Metadata.Labels.GetValueOrDefault("kubernetes.io/service-name") == "web")
                .Sum(slice => slice.Endpoints.Count(endpoint => endpoint.Conditions.Ready == true)) == 30);
        Tell("30 endpoints");

        await cluster.Client.PatchAsync<Deployment>("default", "web", new KubePatch(PatchType.StrategicMerge, """
            {"spec":{"replicas":10,"template":{"spec":{"containers":[{"name":"web","image":"web:2"}]}}}}
            """u8.ToArray()), default);
        await cluster.WaitForAsync<Deployment>("the roll-out", list => list.Any(deployment => deployment.Metadata.Generation >= 2 && Deployments.IsDone(deployment)));
        Tell("roll-out to 10");
        await cluster.WaitForAsync<Event>("its events", events => events.Any(recorded => recorded.Reason == "ScalingReplicaSet") && events.Any(recorded => recorded.Reason == "Scheduled"));

        await cluster.Client.DeleteAsync<Deployment>("default", "web", DeleteOptions.Empty with { PropagationPolicy = "Foreground" }, default);
        await cluster.WaitForAsync<Deployment>("no Deployment", list => list.Count == 0);
        await cluster.WaitForAsync<Pod>("no pods", list => list.Count == 0);
        Tell("foreground deletion");

        await cluster.Client.CreateAsync(new Namespace { Metadata = ObjectMeta.Empty with { Name = "team" } }, default);
        await cluster.WaitForAsync<ServiceAccount>("the account of the new namespace", accounts => accounts.Any(account => account.Metadata.Namespace == "team"));
        var web = Deployments.Web(3);
        await cluster.Client.CreateAsync(web with { Metadata = web.Metadata with { Namespace = "team" } }, default);
        await cluster.WaitForAsync<Deployment>("3 available replicas", list => list.Any(deployment => Deployments.IsDone(deployment)));
        Tell("Deployment of 3");
        await cluster.Client.DeleteAsync<Namespace>(null, "team", DeleteOptions.Empty, default);
        await cluster.WaitForAsync<Namespace>("no namespace", list => list.All(space => space.Metadata.Name != "team"));
        Tell("namespace deletion");
    }
}
