using Coxswain.Api.Apps.V1;
using Coxswain.Api.Core.V1;
using Coxswain.Api.Errors;
using Coxswain.Api.Meta.V1;
using Coxswain.Client;
using Coxswain.Controllers.Tests.Apps;

namespace Coxswain.Controllers.Tests.GarbageCollection;

public sealed class GarbageCollectorTests
{
    [Theory]
    [InlineData("Background")]
    [InlineData("Foreground")]
    public async Task Delete_Deployment_TakesReplicaSetsAndPodsAlong(string policy)
    {
        await using var cluster = await WithDeploymentAsync();
        await cluster.Client.DeleteAsync<Deployment>("default", "web", DeleteOptions.Empty with { PropagationPolicy = policy }, default);

        await cluster.WaitForAsync<Pod>("no pods", pods => pods.Count == 0);
        await cluster.WaitForAsync<ReplicaSet>("no ReplicaSets", sets => sets.Count == 0);
        await cluster.WaitForAsync<Deployment>("no Deployment", deployments => deployments.Count == 0);
    }

    [Fact]
    public async Task Delete_DeploymentOrphaning_LeavesReplicaSetAndPods()
    {
        await using var cluster = await WithDeploymentAsync();
        await cluster.Client.DeleteAsync<Deployment>("default", "web", DeleteOptions.Empty with { PropagationPolicy = "Orphan" }, default);
        await cluster.WaitForAsync<Deployment>("no Deployment", deployments => deployments.Count == 0);

        var sets = await cluster.WaitForAsync<ReplicaSet>("a ReplicaSet without owner", found => found is [{ Metadata.OwnerReferences.Count: 0 }]);
        Assert.Equal(3, sets[0].Spec.Replicas);
        Assert.Equal(3, (await cluster.Client.ListAsync<Pod>("default", ListQuery.All, default)).Items.Count(pod => pod.Metadata.DeletionTimestamp is null));
    }

    [Fact]
    public async Task Create_WithOwnerThatNeverWas_IsDeleted()
    {
        await using var cluster = await ControlPlane.StartAsync();
        await cluster.Client.CreateAsync(Owned("stray", "gone", "11111111-1111-1111-1111-111111111111"), default);
        await cluster.WaitForAsync<ConfigMap>("the stray to go", maps => maps.All(map => map.Metadata.Name != "stray"));
    }

    [Fact]
    public async Task Delete_OneOfTwoOwners_OnlyForgetsIt()
    {
        await using var cluster = await ControlPlane.StartAsync();
        var first = await cluster.Client.CreateAsync(new ConfigMap { Metadata = ObjectMeta.Empty with { Name = "first", Namespace = "default" } }, default);
        var second = await cluster.Client.CreateAsync(new ConfigMap { Metadata = ObjectMeta.Empty with { Name = "second", Namespace = "default" } }, default);
        var shared = Owned("shared", "first", first.Metadata.Uid);
        await cluster.Client.CreateAsync(
            shared with { Metadata = shared.Metadata with { OwnerReferences = [.. shared.Metadata.OwnerReferences, .. Owned("", "second", second.Metadata.Uid).Metadata.OwnerReferences] } },
            default);
        await cluster.Client.DeleteAsync<ConfigMap>("default", "first", DeleteOptions.Empty, default);

        var maps = await cluster.WaitForAsync<ConfigMap>("one owner to be forgotten", found => found.Any(map => map.Metadata is { Name: "shared", OwnerReferences.Count: 1 }));
        Assert.Equal("second", maps.Single(map => map.Metadata.Name == "shared").Metadata.OwnerReferences[0].Name);
    }

    [Fact]
    public async Task Kind_CannotBeListed_OthersAreCollected()
    {
        await using var cluster = await ControlPlane.StartAsync(beforeRequest: (verb, resource) =>
        {
            if (verb == "list" && resource.Plural == "limitranges")
            {
                throw new KubeStatusException(new Status { Code = 500, Reason = "InternalError", Message = "out of order" });
            }
        });
        await cluster.Client.CreateAsync(Owned("stray", "gone", "11111111-1111-1111-1111-111111111111"), default);
        cluster.AdvanceTo(31);
        await cluster.WaitForAsync<ConfigMap>("the stray to go", maps => maps.All(map => map.Metadata.Name != "stray"));
    }

    private static ConfigMap Owned(string name, string owner, string uid) => new()
    {
        Metadata = ObjectMeta.Empty with
        {
            Name = name,
            Namespace = "default",
            OwnerReferences = [new OwnerReference { ApiVersion = "v1", Kind = "ConfigMap", Name = owner, Uid = uid }],
        },
    };

    private static async Task<ControlPlane> WithDeploymentAsync()
    {
        var cluster = await ControlPlane.StartAsync();
        await cluster.AddNodeAsync("node-1");
        await cluster.Client.CreateAsync(Deployments.Web(3), default);
        await cluster.WaitForAsync<Deployment>("3 available replicas", list => list is [var deployment] && Deployments.IsDone(deployment));
        return cluster;
    }
}
