using Coxswain.Api.Core.V1;
using Coxswain.Api.Errors;
using Coxswain.Api.Meta.V1;
using Coxswain.Client;

namespace Coxswain.Controllers.Tests.Apps;

public sealed class ReplicationControllerControllerTests
{
    private static readonly Dictionary<string, string> Labels = new() { ["app"] = "old" };

    [Fact]
    public async Task Create_WithOrphanThatMatches_AdoptsItAndMakesTheRest()
    {
        await using var cluster = await ControlPlane.StartAsync();
        await cluster.AddNodeAsync("node-1");
        await cluster.Client.CreateAsync(
            new Pod { Metadata = ObjectMeta.Empty with { Name = "before", Namespace = "default", Labels = Labels }, Spec = Template.Spec! }, default);
        await cluster.Client.CreateAsync(Controller(3), default);

        await cluster.WaitForAsync<ReplicationController>("3 available replicas", list => list is [{ Status: { AvailableReplicas: 3, FullyLabeledReplicas: 3, ObservedGeneration: 1 } }]);
        var pods = (await cluster.Client.ListAsync<Pod>("default", ListQuery.All, default)).Items;
        Assert.Equal(3, pods.Count);
        Assert.Contains(pods, pod => pod.Metadata.Name == "before");
        Assert.All(pods, pod => Assert.Equal(("ReplicationController", "v1", "old"), Owner(pod)));
    }

    [Fact]
    public async Task Scale_Down_DeletesTheDifference()
    {
        await using var cluster = await ControlPlane.StartAsync();
        await cluster.AddNodeAsync("node-1");
        await cluster.Client.CreateAsync(Controller(3), default);
        await cluster.WaitForAsync<ReplicationController>("3 available replicas", list => list is [{ Status.AvailableReplicas: 3 }]);
        await cluster.Client.PatchAsync<ReplicationController>("default", "old", new KubePatch(PatchType.Merge, """{"spec":{"replicas":1}}"""u8.ToArray()), default);
        await cluster.WaitForAsync<ReplicationController>("1 replica", list => list is [{ Status: { Replicas: 1, ObservedGeneration: 2 } }]);
        await cluster.WaitForAsync<Pod>("1 pod", pods => pods.Count == 1);
    }

    [Fact]
    public async Task Create_PodsAreRefused_ConditionSaysSoUntilTheyAreNot()
    {
        var refuse = true;
        await using var cluster = await ControlPlane.StartAsync(beforeRequest: (verb, resource) =>
        {
            if (refuse && verb == "create" && resource.Plural == "pods")
            {
                throw new KubeStatusException(new Status { StatusValue = "Failure", Code = 403, Reason = "Forbidden", Message = "exceeded quota" });
            }
        });
        await cluster.AddNodeAsync("node-1");
        await cluster.Client.CreateAsync(Controller(2), default);
        var sets = await cluster.WaitForAsync<ReplicationController>("the failure", list => list is [{ Status.Conditions: [{ Type: "ReplicaFailure" }] }]);
        Assert.Equal(("True", "FailedCreate", "exceeded quota"), (sets[0].Status.Conditions[0].Status, sets[0].Status.Conditions[0].Reason, sets[0].Status.Conditions[0].Message));
        refuse = false;
        await cluster.WaitForAsync<ReplicationController>("2 replicas and no failure", list => list is [{ Status: { Conditions.Count: 0, AvailableReplicas: 2 } }]);
    }

    [Fact]
    public async Task Create_PodsAreRefusedInOtherWordsEachTime_StatusIsWrittenOnce()
    {
        var refusals = 0;
        var statusWrites = 0;
        await using var cluster = await ControlPlane.StartAsync(beforeRequest: (verb, resource) =>
        {
            if (verb == "create" && resource.Plural == "pods")
            {
                refusals++;
                throw new KubeStatusException(new Status { StatusValue = "Failure", Code = 403, Reason = "Forbidden", Message = $"pod old-{refusals} is forbidden" });
            }

            if (verb == "update/status" && resource.Plural == "replicationcontrollers")
            {
                statusWrites++;
            }
        });

        await cluster.Client.CreateAsync(Controller(1), default);
        cluster.AdvanceTo(1);

        Assert.InRange(refusals, 6, 20);
        Assert.InRange(statusWrites, 1, 2);
    }

    private static PodTemplateSpec Template => PodTemplateSpec.Empty with
    {
        Metadata = ObjectMeta.Empty with { Labels = Labels },
        Spec = PodSpec.Empty with { Containers = [new Container { Name = "main", Image = "web" }] },
    };

    private static ReplicationController Controller(int replicas) => new()
    {
        Metadata = ObjectMeta.Empty with { Name = "old", Namespace = "default" },
        Spec = ReplicationControllerSpec.Empty with { Replicas = replicas, Selector = Labels, Template = Template },
    };

    private static (string, string, string) Owner(Pod pod)
    {
        var owner = Assert.Single(pod.Metadata.OwnerReferences);
        return (owner.Kind, owner.ApiVersion, owner.Name);
    }
}
