using Coxswain.Api.Apps.V1;
using Coxswain.Api.Core.V1;
using Coxswain.Api.Errors;
using Coxswain.Api.Meta.V1;
using Coxswain.Client;
using Coxswain.Controllers.Tests.Apps;

namespace Coxswain.Controllers.Tests.Core;

public sealed class NamespaceControllerTests
{
    [Fact]
    public async Task Create_Namespace_GetsItsAccountAndCertificates()
    {
        await using var cluster = await ControlPlane.StartAsync(new ControllerOptions { RootCertificates = "PEM" });
        await cluster.Client.CreateAsync(Named("team"), default);
        await cluster.WaitForAsync<ServiceAccount>("the default account", accounts => accounts.Any(account => account.Metadata is { Name: "default", Namespace: "team" }));
        await cluster.WaitForAsync<ConfigMap>("the certificates", Certified);

        await cluster.Client.DeleteAsync<ConfigMap>("team", "kube-root-ca.crt", DeleteOptions.Empty, default);
        await cluster.WaitForAsync<ConfigMap>("the certificates again", Certified);
    }

    [Fact]
    public async Task Delete_NamespaceWithContent_EndsAllOfIt()
    {
        await using var cluster = await ControlPlane.StartAsync();
        await cluster.AddNodeAsync("node-1");
        await cluster.Client.CreateAsync(Named("team"), default);
        var web = Deployments.Web(2);
        await cluster.Client.CreateAsync(web with { Metadata = web.Metadata with { Namespace = "team" } }, default);
        await cluster.WaitForAsync<Deployment>("2 available replicas", list => list is [var deployment] && Deployments.IsDone(deployment));
        await cluster.Client.DeleteAsync<Namespace>(null, "team", DeleteOptions.Empty, default);

        await cluster.WaitForAsync<Namespace>("no namespace", namespaces => namespaces.All(space => space.Metadata.Name != "team"));
        Assert.Empty((await cluster.Client.ListAsync<Pod>("team", ListQuery.All, default)).Items);
        Assert.Empty((await cluster.Client.ListAsync<Deployment>("team", ListQuery.All, default)).Items);
        Assert.Empty((await cluster.Client.ListAsync<ServiceAccount>("team", ListQuery.All, default)).Items);
    }

    [Fact]
    public async Task Delete_PodHeldByFinalizer_KeepsTheRestAndSaysSo()
    {
        await using var cluster = await ControlPlane.StartAsync();
        await cluster.Client.CreateAsync(Named("team"), default);
        await cluster.Client.CreateAsync(new Pod { Metadata = ObjectMeta.Empty with { Name = "held", Namespace = "team", Finalizers = ["example.com/hold"] }, Spec = new PodSpec { Containers = [new Container { Name = "web", Image = "web:1" }] } }, default);
        await cluster.Client.CreateAsync(new ConfigMap { Metadata = ObjectMeta.Empty with { Name = "settings", Namespace = "team" } }, default);
        await cluster.Client.DeleteAsync<Namespace>(null, "team", DeleteOptions.Empty, default);

        await cluster.WaitForAsync<Namespace>("the condition", namespaces => namespaces.Any(space =>
            space.Status.Conditions.Any(condition => condition is { Type: "NamespaceDeletionContentFailure", Status: "True" })));
        Assert.NotNull(await cluster.Client.FindAsync<ConfigMap>("team", "settings", default));

        await cluster.Client.PatchAsync<Pod>("team", "held", KubePatch.Merge(new { metadata = new { finalizers = Array.Empty<string>() } }), default);
        await cluster.WaitForAsync<Namespace>("no namespace", namespaces => namespaces.All(space => space.Metadata.Name != "team"));
    }

    [Fact]
    public async Task Delete_ResourceWithoutDeleteCollection_IsEmptiedOneByOne()
    {
        await using var cluster = await ControlPlane.StartAsync(discovered: resource =>
            resource with { Verbs = [.. resource.Verbs.Where(verb => verb != "deletecollection" || resource.Plural != "services")] });
        await cluster.Client.CreateAsync(Named("team"), default);
        for (var i = 0; i < 3; i++)
        {
            await cluster.Client.CreateAsync(
                new Service
                {
                    Metadata = ObjectMeta.Empty with { Name = $"web-{i}", Namespace = "team" },
                    Spec = new ServiceSpec { Ports = [new ServicePort { Port = 80 }] },
                },
                default);
        }

        await cluster.Client.DeleteAsync<Namespace>(null, "team", DeleteOptions.Empty, default);
        await cluster.WaitForAsync<Namespace>("no namespace", namespaces => namespaces.All(space => space.Metadata.Name != "team"));
        Assert.Empty((await cluster.Client.ListAsync<Service>("team", ListQuery.All, default)).Items);
    }

    [Fact]
    public async Task Delete_ResourceThatCannotBeListed_StaysAndSaysWhyUntilItCan()
    {
        var isOutOfOrder = true;
        await using var cluster = await ControlPlane.StartAsync(beforeRequest: (verb, resource) =>
        {
            if (isOutOfOrder && verb == "list" && resource.Plural == "limitranges")
            {
                throw new KubeStatusException(new Status { Code = 500, Reason = "InternalError", Message = "out of order" });
            }
        });
        await cluster.Client.CreateAsync(Named("team"), default);
        await cluster.Client.CreateAsync(new Secret { Metadata = ObjectMeta.Empty with { Name = "key", Namespace = "team" } }, default);
        await cluster.Client.DeleteAsync<Namespace>(null, "team", DeleteOptions.Empty, default);
        cluster.AdvanceTo(60);

        var space = await cluster.Client.GetAsync<Namespace>(null, "team", default);
        var failure = space.Status.Conditions.Single(condition => condition.Type == "NamespaceDeletionContentFailure");
        Assert.Equal("True", failure.Status);
        Assert.Contains("limitranges: out of order", failure.Message, StringComparison.Ordinal);
        Assert.Empty((await cluster.Client.ListAsync<Secret>("team", ListQuery.All, default)).Items);

        isOutOfOrder = false;
        await cluster.WaitForAsync<Namespace>("no namespace", namespaces => namespaces.All(other => other.Metadata.Name != "team"));
    }

    private static Namespace Named(string name) => new()
    {
        Metadata = ObjectMeta.Empty with { Name = name },
        Spec = new NamespaceSpec { Finalizers = ["kubernetes"] },
    };

    private static bool Certified(IReadOnlyList<ConfigMap> maps) =>
        maps.Any(map => map.Metadata is { Name: "kube-root-ca.crt", Namespace: "team" } && map.Data["ca.crt"] == "PEM");
}
