using Coxswain.Api.Core.V1;
using Coxswain.Api.Discovery.V1;
using Coxswain.Api.Meta.V1;
using Coxswain.Client;
using EndpointPort = Coxswain.Api.Core.V1.EndpointPort;

namespace Coxswain.Controllers.Tests.Core;

public sealed class EndpointMirrorControllerTests
{
    [Fact]
    public async Task Endpoints_OfAServiceWithoutSelector_AreMirroredChangedAndGone()
    {
        await using var cluster = await ControlPlane.StartAsync();
        await cluster.Client.CreateAsync(Service(selector: false), default);
        await cluster.Client.CreateAsync(Written("192.0.2.1", "2001:db8::1"), default);
        var slices = await cluster.WaitForAsync<EndpointSlice>("2 slices", list => list.Count(IsMirror) == 2);
        Assert.All(slices.Where(IsMirror), slice =>
        {
            Assert.Equal("outside", slice.Metadata.Labels["kubernetes.io/service-name"]);
            Assert.Equal(5432, Assert.Single(slice.Ports).Port);
            Assert.True(Assert.Single(slice.Endpoints).Conditions.Ready);
        });

        await cluster.UpdateAsync<Endpoints>("default", "outside", endpoints => endpoints with { Subsets = Written("192.0.2.9").Subsets });
        await cluster.WaitForAsync<EndpointSlice>("the new address", list => list.Count(IsMirror) == 1 && list.Single(IsMirror).Endpoints[0].Addresses[0] == "192.0.2.9");
        await cluster.Client.DeleteAsync<Endpoints>("default", "outside", DeleteOptions.Empty, default);
        await cluster.WaitForAsync<EndpointSlice>("no slice", list => !list.Any(IsMirror));
    }

    [Fact]
    public async Task Endpoints_OfAServiceWithSelector_AreNotMirrored()
    {
        await using var cluster = await ControlPlane.StartAsync();
        await cluster.Client.CreateAsync(Service(selector: true), default);
        await cluster.WaitForAsync<Endpoints>("its Endpoints", list => list.Any(endpoints => endpoints.Metadata.Name == "outside"));
        cluster.AdvanceTo(2);
        Assert.DoesNotContain((await cluster.Client.ListAsync<EndpointSlice>("default", ListQuery.All, default)).Items, IsMirror);
    }

    private static bool IsMirror(EndpointSlice slice) =>
        slice.Metadata.Labels.GetValueOrDefault("endpointslice.kubernetes.io/managed-by") == "endpointslicemirroring-controller.k8s.io";

    private static Service Service(bool selector) => new()
    {
        Metadata = ObjectMeta.Empty with { Name = "outside", Namespace = "default" },
        Spec = new ServiceSpec
        {
            Ports = [new ServicePort { Port = 5432 }],
            Selector = selector ? new Dictionary<string, string> { ["app"] = "db" } : new Dictionary<string, string>(),
        },
    };

    private static Endpoints Written(params string[] addresses) => new()
    {
        Metadata = ObjectMeta.Empty with { Name = "outside", Namespace = "default" },
        Subsets =
        [
            new EndpointSubset
            {
                Addresses = [.. addresses.Select(address => new EndpointAddress { Ip = address })],
                Ports = [new EndpointPort { Name = "db", Port = 5432, Protocol = "TCP" }],
            },
        ],
    };
}
