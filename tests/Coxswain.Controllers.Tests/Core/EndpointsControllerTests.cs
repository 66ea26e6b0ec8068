using Coxswain.Api.Core.V1;
using Coxswain.Api.Discovery.V1;
using Coxswain.Api.Meta.V1;
using Coxswain.Client;
using Coxswain.Controllers.Tests.Apps;

namespace Coxswain.Controllers.Tests.Core;

public sealed class EndpointsControllerTests
{
    [Fact]
    public async Task Create_ServiceOverReadyPods_ListsThemInBothForms()
    {
        await using var cluster = await ControlPlane.StartAsync();
        await cluster.AddNodeAsync("node-1");
        await cluster.Client.CreateAsync(Deployments.Web(3), default);
        await cluster.Client.CreateAsync(Service(), default);

        var slices = await cluster.WaitForAsync<EndpointSlice>("3 ready endpoints", found => found.Count == 1 && Ready(found) == 3);
        Assert.Equal(("web", 8080), (slices[0].Metadata.Labels["kubernetes.io/service-name"], slices[0].Ports[0].Port ?? 0));
        await cluster.WaitForAsync<Endpoints>("3 addresses", found => found is [{ Subsets: [{ Addresses.Count: 3 }] }]);
    }

    [Fact]
    public async Task Delete_Pod_IsWithdrawnBeforeItHasStopped()
    {
        await using var cluster = await ControlPlane.StartAsync(runPods: false);
        await cluster.AddNodeAsync("node-1");
        await cluster.Client.CreateAsync(Service(), default);
        await cluster.Cluster.CreateWithStatusAsync(ReadyPod("a"));
        await cluster.WaitForAsync<EndpointSlice>("the endpoint", found => Ready(found) == 1);
        await cluster.Client.DeleteAsync<Pod>("default", "a", DeleteOptions.Empty, default);

        var slices = await cluster.WaitForAsync<EndpointSlice>("no ready endpoint", found => found.Count == 1 && found[0].Endpoints.Count == 1 && Ready(found) == 0);
        Assert.Equal((false, true, true), (slices[0].Endpoints[0].Conditions.Ready, slices[0].Endpoints[0].Conditions.Serving, slices[0].Endpoints[0].Conditions.Terminating));
        await cluster.WaitForAsync<Endpoints>("no addresses", found => found is [{ Subsets.Count: 0 }]);
    }

    [Fact]
    public async Task Create_ServiceOfANamedPort_LeavesOutPodsWithoutIt()
    {
        await using var cluster = await ControlPlane.StartAsync(runPods: false);
        await cluster.AddNodeAsync("node-1");
        var service = Service();
        await cluster.Client.CreateAsync(
            service with { Spec = service.Spec with { Ports = [new ServicePort { Port = 80, TargetPort = "http", Protocol = "TCP" }] } }, default);
        await cluster.Cluster.CreateWithStatusAsync(ReadyPod("without"));
        var with = ReadyPod("with");
        await cluster.Cluster.CreateWithStatusAsync(with with
        {
            Spec = with.Spec with
            {
                Containers = [with.Spec.Containers[0] with { Ports = [new ContainerPort { Name = "http", ContainerPortValue = 8080 }] }],
            },
            Status = with.Status with { PodIP = "10.244.0.10" },
        });

        var endpoints = await cluster.WaitForAsync<Endpoints>("the one with the port", found => found is [{ Subsets: [{ Addresses.Count: 1 }] }]);
        Assert.Equal("10.244.0.10", endpoints[0].Subsets[0].Addresses[0].Ip);
    }

    [Fact]
    public async Task Label_OfAPodChanges_ItLeavesOneServiceForTheOther()
    {
        await using var cluster = await ControlPlane.StartAsync(runPods: false);
        await cluster.AddNodeAsync("node-1");
        await cluster.Client.CreateAsync(Service(), default);
        var other = Service();
        await cluster.Client.CreateAsync(
            other with
            {
                Metadata = other.Metadata with { Name = "other" },
                Spec = other.Spec with { ClusterIP = "", Selector = new Dictionary<string, string> { ["app"] = "other" } },
            },
            default);
        await cluster.Cluster.CreateWithStatusAsync(ReadyPod("a"));
        Assert.Equal(["web"], await ServicesWithEndpointsAsync(cluster));

        await cluster.UpdateAsync<Pod>("default", "a", pod =>
            pod with { Metadata = pod.Metadata with { Labels = new Dictionary<string, string> { ["app"] = "other" } } });
        Assert.Equal(["other"], await ServicesWithEndpointsAsync(cluster));
    }

    [Fact]
    public async Task Create_ServiceWithoutMatch_GetsEmptyObjectsThatGoWithIt()
    {
        await using var cluster = await ControlPlane.StartAsync();
        await cluster.Client.CreateAsync(Service(), default);
        await cluster.WaitForAsync<EndpointSlice>("an empty slice", found => found is [{ Endpoints.Count: 0 }]);
        await cluster.WaitForAsync<Endpoints>("empty Endpoints", found => found is [{ Subsets.Count: 0 }]);
        await cluster.Client.DeleteAsync<Service>("default", "web", DeleteOptions.Empty, default);
        await cluster.WaitForAsync<EndpointSlice>("no slice", found => found.Count == 0);
        await cluster.WaitForAsync<Endpoints>("no Endpoints", found => found.Count == 0);
    }

    private static async Task<string[]> ServicesWithEndpointsAsync(ControlPlane cluster) =>
        [.. (await cluster.Client.ListAsync<Endpoints>("default", ListQuery.All, default)).Items
            .Where(endpoints => endpoints.Subsets.Count > 0).Select(endpoints => endpoints.Metadata.Name)];

    private static int Ready(IReadOnlyList<EndpointSlice> slices) => slices.Sum(slice => slice.Endpoints.Count(endpoint => endpoint.Conditions.Ready == true));

    private static Service Service() => new()
    {
        Metadata = ObjectMeta.Empty with { Name = "web", Namespace = "default" },
        Spec = new ServiceSpec { Selector = Deployments.Labels, Ports = [new ServicePort { Port = 80, TargetPort = 8080, Protocol = "TCP" }], ClusterIP = "10.96.0.7" },
    };

    private static Pod ReadyPod(string name) => new()
    {
        Metadata = ObjectMeta.Empty with { Name = name, Namespace = "default", Labels = Deployments.Labels },
        Spec = new PodSpec { NodeName = "node-1", Containers = [new Container { Name = "web", Image = "web:1" }] },
        Status = new PodStatus { Phase = "Running", PodIP = "10.244.0.9", Conditions = [new PodCondition { Type = "Ready", Status = "True" }] },
    };
}
