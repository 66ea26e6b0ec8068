using Coxswain.Api.ApiExtensions.V1;
using Coxswain.Api.Core.V1;
using Coxswain.Api.Json;
using Coxswain.Api.Kinds;
using Coxswain.Api.Meta.V1;
using Coxswain.Api.Resources;
using Coxswain.Client;

namespace Coxswain.Controllers.Tests.Core;

/// <summary>Objects of a kind that came while the server runs are owned, collected and emptied as all others are.</summary>
public sealed class CustomResourceTests
{
    private static readonly ApiResource Widgets = new("example.com", "v1", "widgets", "Widget", Namespaced: true);

    [Fact]
    public async Task Delete_Owner_TakesBuiltInDependentsAlong()
    {
        await using var cluster = await WithWidgetsAsync();
        var widget = await cluster.Client.CreateAsync(Widgets, Widget("w"), default);
        await cluster.Client.CreateAsync(new ConfigMap { Metadata = OwnedBy("settings", "example.com/v1", "Widget", widget.Metadata) }, default);
        await cluster.Client.DeleteAsync(Widgets, "default", "w", DeleteOptions.Empty, default);

        await cluster.WaitForAsync<ConfigMap>("no settings", maps => maps.All(map => map.Metadata.Name != "settings"));
    }

    [Fact]
    public async Task Delete_OwnerInForeground_WaitsForDependentsOfTheKind()
    {
        await using var cluster = await WithWidgetsAsync();
        var owner = await cluster.Client.CreateAsync(new ConfigMap { Metadata = ObjectMeta.Empty with { Name = "owner", Namespace = "default" } }, default);
        var held = Widget("held").WithMetadata(OwnedBy("held", "v1", "ConfigMap", owner.Metadata, blocks: true) with { Finalizers = ["example.com/hold"] });
        await cluster.Client.CreateAsync(Widgets, held, default);
        await cluster.Client.DeleteAsync<ConfigMap>("default", "owner", DeleteOptions.Empty with { PropagationPolicy = "Foreground" }, default);
        cluster.AdvanceTo(60);
        Assert.NotNull((await cluster.Client.GetAsync<KubeObject>(Widgets, "default", "held", default)).Metadata.DeletionTimestamp);
        Assert.NotNull(await cluster.Client.FindAsync<ConfigMap>("default", "owner", default));

        await cluster.Client.PatchAsync<KubeObject>(
            Widgets, "default", "held", KubePatch.Merge(new { metadata = new { finalizers = Array.Empty<string>() } }), "", default);
        await cluster.WaitForAsync<ConfigMap>("no owner", maps => maps.All(map => map.Metadata.Name != "owner"));
        Assert.Empty((await cluster.Client.ListAsync<KubeObject>(Widgets, "default", ListQuery.All, default)).Items);
    }

    [Fact]
    public async Task OwnersKind_IsServedLater_DependentsAreJudgedThen()
    {
        await using var cluster = await ControlPlane.StartAsync();
        var gone = ObjectMeta.Empty with { Name = "gone", Uid = "11111111-1111-1111-1111-111111111111" };
        await cluster.Client.CreateAsync(new Secret { Metadata = OwnedBy("stray", "example.com/v1", "Widget", gone) }, default);
        cluster.AdvanceTo(60);
        Assert.NotNull(await cluster.Client.FindAsync<Secret>("default", "stray", default));

        await DefineAsync(cluster);
        await cluster.WaitForAsync<Secret>("the stray to go", secrets => secrets.All(secret => secret.Metadata.Name != "stray"));
    }

    [Fact]
    public async Task Create_WithOwnerThatNeverWas_IsCollected()
    {
        await using var cluster = await WithWidgetsAsync();
        var gone = ObjectMeta.Empty with { Name = "gone", Uid = "11111111-1111-1111-1111-111111111111" };
        await cluster.Client.CreateAsync(Widgets, Widget("stray").WithMetadata(OwnedBy("stray", "v1", "ConfigMap", gone)), default);
        cluster.AdvanceTo(60);
        Assert.Empty((await cluster.Client.ListAsync<KubeObject>(Widgets, "default", ListQuery.All, default)).Items);
    }

    [Fact]
    public async Task Delete_Namespace_EmptiesIt()
    {
        await using var cluster = await WithWidgetsAsync();
        await cluster.Client.CreateAsync(new Namespace { Metadata = ObjectMeta.Empty with { Name = "team" } }, default);
        await cluster.Client.CreateAsync(Widgets, Widget("w", "team"), default);
        await cluster.Client.DeleteAsync<Namespace>(null, "team", DeleteOptions.Empty, default);

        await cluster.WaitForAsync<Namespace>("no namespace", namespaces => namespaces.All(space => space.Metadata.Name != "team"));
        Assert.Empty((await cluster.Client.ListAsync<KubeObject>(Widgets, "team", ListQuery.All, default)).Items);
    }

    [Fact]
    public async Task Delete_Definition_NamespacesAreDeletedWithoutTheKind()
    {
        await using var cluster = await WithWidgetsAsync();
        await cluster.Client.CreateAsync(Widgets, Widget("w"), default);
        await cluster.Client.DeleteAsync<CustomResourceDefinition>(null, "widgets.example.com", DeleteOptions.Empty, default);
        await cluster.WaitForAsync<CustomResourceDefinition>("no definition", definitions => definitions.Count == 0);

        await cluster.Client.CreateAsync(new Namespace { Metadata = ObjectMeta.Empty with { Name = "team" } }, default);
        await cluster.Client.DeleteAsync<Namespace>(null, "team", DeleteOptions.Empty, default);
        await cluster.WaitForAsync<Namespace>("no namespace", namespaces => namespaces.All(space => space.Metadata.Name != "team"));
    }

    private static async Task<ControlPlane> WithWidgetsAsync()
    {
        var cluster = await ControlPlane.StartAsync();
        await DefineAsync(cluster);
        return cluster;
    }

    private static async Task DefineAsync(ControlPlane cluster)
    {
        await cluster.Client.CreateAsync(
            KubeJson.Deserialize<CustomResourceDefinition>("""
                {"metadata":{"name":"widgets.example.com"},"spec":{"group":"example.com","scope":"Namespaced",
                 "names":{"plural":"widgets","kind":"Widget"},"versions":[{"name":"v1","served":true,"storage":true,
                 "schema":{"openAPIV3Schema":{"type":"object","properties":{"spec":{"type":"object","properties":{"size":{"type":"integer"}}}}}}}]}}
                """u8),
            default);
        await cluster.WaitForAsync<CustomResourceDefinition>("the kind to be served", definitions =>
            definitions.Any(definition => definition.Status.Conditions.Any(condition => condition is { Type: "Established", Status: "True" })));
    }

    private static KubeObject Widget(string name, string @namespace = "default") => KubeJson.Deserialize<KubeObject>(
            """{"apiVersion":"example.com/v1","kind":"Widget","spec":{"size":1}}"""u8)
        .WithMetadata(ObjectMeta.Empty with { Name = name, Namespace = @namespace });

    private static ObjectMeta OwnedBy(string name, string apiVersion, string kind, ObjectMeta owner, bool blocks = false) => ObjectMeta.Empty with
    {
        Name = name,
        Namespace = "default",
        OwnerReferences = [new OwnerReference { ApiVersion = apiVersion, Kind = kind, Name = owner.Name, Uid = owner.Uid, BlockOwnerDeletion = blocks }],
    };
}
