using Coxswain.Api.Core.V1;
using Coxswain.Api.Errors;
using Coxswain.Api.Meta.V1;
using Coxswain.ApiServer.Users;
using Coxswain.Client;

namespace Coxswain.ApiServer.Tests.InProcess;

public sealed class InProcessKubeClientTests : IAsyncLifetime
{
    private TestServer _server = null!;

    public async Task InitializeAsync() => _server = await TestServer.StartAsync();

    public async Task DisposeAsync() => await _server.DisposeAsync();

    [Fact]
    public async Task Get_Twice_SharesOneDecodedObject()
    {
        var created = await _server.Admin.CreateAsync(Map("a"), default);
        var first = await _server.Admin.GetAsync<ConfigMap>("default", "a", default);
        Assert.Same(first, await _server.Admin.GetAsync<ConfigMap>("default", "a", default));
        Assert.Equal(created.Metadata.ResourceVersion, first.Metadata.ResourceVersion);
        var listed = await _server.Admin.ListAsync<ConfigMap>("default", ListQuery.All, default);
        Assert.Same(first, Assert.Single(listed.Items));
    }

    [Fact]
    public async Task Update_ByManyAtOnce_LosesNoChange()
    {
        await _server.Admin.CreateAsync(Map("a"), default);
        await Task.WhenAll(Enumerable.Range(0, 50).Select(i =>
            _server.Admin.PatchAsync<ConfigMap>("default", "a", KubePatch.Merge(new { data = new Dictionary<string, string> { [$"k{i}"] = "v" } }), default)));
        Assert.Equal(50, (await _server.Admin.GetAsync<ConfigMap>("default", "a", default)).Data.Count);
    }

    [Fact]
    public async Task Update_StaleVersion_IsAConflict()
    {
        var created = await _server.Admin.CreateAsync(Map("a"), default);
        await _server.Admin.UpdateAsync(created with { Data = new Dictionary<string, string> { ["x"] = "1" } }, default);
        var refused = await Assert.ThrowsAsync<KubeStatusException>(() => _server.Admin.UpdateAsync(created with { Data = new Dictionary<string, string> { ["x"] = "2" } }, default));
        Assert.True(refused.IsConflict);
    }

    [Fact]
    public async Task Watch_ADelete_CarriesItsOwnVersion()
    {
        var created = await _server.Admin.CreateAsync(Map("a"), default);
        using var stop = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        await _server.Admin.DeleteAsync<ConfigMap>("default", "a", DeleteOptions.Empty, default);
        await foreach (var change in _server.Admin.WatchAsync<ConfigMap>("default", new WatchQuery(created.Metadata.ResourceVersion), stop.Token))
        {
            Assert.Equal(WatchEventType.Deleted, change.Type);
            Assert.True(long.Parse(change.Object.Metadata.ResourceVersion) > long.Parse(created.Metadata.ResourceVersion));
            return;
        }

        Assert.Fail("the watch ended without the delete");
    }

    [Fact]
    public async Task Watch_PodsOfANode_SeesThemWhenTheyAreBound()
    {
        await _server.Admin.CreateAsync(APod("p"), default);
        using var stop = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        var revision = await _server.Store.GetRevisionAsync(default);
        await _server.Admin.PostAsync<Binding, Status>(Coxswain.Api.Resources.ApiResources.Of<Pod>(), "default", "p", "binding",
            new Binding { Metadata = new ObjectMeta { Name = "p" }, Target = new ObjectReference { Kind = "Node", Name = "n1" } }, default);
        await foreach (var change in _server.Admin.WatchAsync<Pod>(null, new WatchQuery($"{revision}", FieldSelector: "spec.nodeName=n1"), stop.Token))
        {
            Assert.Equal(WatchEventType.Added, change.Type);
            Assert.Equal("n1", change.Object.Spec.NodeName);
            return;
        }

        Assert.Fail("the watch ended without the pod");
    }

    [Fact]
    public async Task Any_NotAllowed_IsForbidden()
    {
        var nobody = _server.Host.ClientFor(new User("nobody", [User.AuthenticatedGroup]));
        var refused = await Assert.ThrowsAsync<KubeStatusException>(() => nobody.ListAsync<Secret>("default", ListQuery.All, default));
        Assert.Equal("secrets is forbidden: User \"nobody\" cannot list resource \"secrets\" in API group \"\" in the namespace \"default\"", refused.Message);
    }

    private static ConfigMap Map(string name) => new() { Metadata = new ObjectMeta { Name = name, Namespace = "default" } };

    private static Pod APod(string name) => new()
    {
        Metadata = new ObjectMeta { Name = name, Namespace = "default" },
        Spec = new PodSpec { Containers = [new Container { Name = "c", Image = "i" }] },
    };
}
