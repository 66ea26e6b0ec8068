using Coxswain.Api.Apps.V1;
using Coxswain.Api.Core.V1;
using Coxswain.Api.Meta.V1;
using Coxswain.Api.Scalars;
using Coxswain.Client;

namespace Coxswain.Controllers.Tests.StatefulSets;

public sealed class StatefulSetControllerTests
{
    private static readonly Dictionary<string, string> Labels = new() { ["app"] = "db" };

    [Fact]
    public async Task Create_Ordered_MakesPodsOneAfterTheOther()
    {
        await using var cluster = await StartAsync(Set(3));
        await cluster.WaitForAsync<StatefulSet>("3 ready", list => list[0].Status is { ReadyReplicas: 3, AvailableReplicas: 3, UpdatedReplicas: 3, CurrentReplicas: 3 });
        var pods = (await cluster.Client.ListAsync<Pod>("default", ListQuery.All, default)).Items.OrderBy(pod => long.Parse(pod.Metadata.ResourceVersion, null)).ToList();
        Assert.Equal(["db-0", "db-1", "db-2"], pods.Select(pod => pod.Metadata.Name).Order());
        Assert.All(pods, pod =>
        {
            Assert.Equal((pod.Metadata.Name, "db"), (pod.Spec.Hostname, pod.Spec.Subdomain));
            Assert.Equal(pod.Metadata.Name, pod.Metadata.Labels["statefulset.kubernetes.io/pod-name"]);
            Assert.Equal(pod.Metadata.Name[^1..], pod.Metadata.Labels["apps.kubernetes.io/pod-index"]);
        });
        var status = (await cluster.Client.GetAsync<StatefulSet>("default", "db", default)).Status;
        Assert.Equal(status.CurrentRevision, status.UpdateRevision);
        Assert.All(pods, pod => Assert.Equal(status.UpdateRevision, pod.Metadata.Labels["controller-revision-hash"]));
    }

    [Fact]
    public async Task Create_OrderedAndBroken_StopsAtTheFirst()
    {
        await using var cluster = await StartAsync(Set(3, "broken"));
        cluster.AdvanceTo(5);
        Assert.Equal("db-0", Assert.Single((await cluster.Client.ListAsync<Pod>("default", ListQuery.All, default)).Items).Metadata.Name);
    }

    [Fact]
    public async Task Create_ParallelAndBroken_MakesAll()
    {
        await using var cluster = await StartAsync(Set(3, "broken", spec => spec with { PodManagementPolicy = "Parallel", Ordinals = new StatefulSetOrdinals { Start = 5 } }));
        var pods = await cluster.WaitForAsync<Pod>("3 pods", list => list.Count == 3);
        Assert.Equal(["db-5", "db-6", "db-7"], pods.Select(pod => pod.Metadata.Name).Order());
    }

    [Fact]
    public async Task Update_RollingWithPartition_StopsThereAndGoesOnWhenItFalls()
    {
        await using var cluster = await StartAsync(Set(3));
        await cluster.WaitForAsync<StatefulSet>("3 ready", list => list[0].Status.ReadyReplicas == 3);
        await cluster.UpdateAsync<StatefulSet>("default", "db", set => WithImage(set, "db:2") with
        {
            Spec = WithImage(set, "db:2").Spec with
            {
                UpdateStrategy = new StatefulSetUpdateStrategy { Type = "RollingUpdate", RollingUpdate = new RollingUpdateStatefulSetStrategy { Partition = 2 } },
            },
        });
        await cluster.WaitForAsync<StatefulSet>("one updated", list => list[0].Status is { UpdatedReplicas: 1, CurrentReplicas: 2, ReadyReplicas: 3 });
        Assert.Equal(["db", "db", "db:2"], await ImagesAsync(cluster));

        // A pod below the partition comes back as it was.
        await cluster.Client.DeleteAsync<Pod>("default", "db-0", DeleteOptions.Empty, default);
        await cluster.WaitForAsync<Pod>("3 pods", list => list.Count(pod => pod.Status.Phase == "Running") == 3);
        Assert.Equal(["db", "db", "db:2"], await ImagesAsync(cluster));

        await cluster.UpdateAsync<StatefulSet>("default", "db", set => set with
        {
            Spec = set.Spec with { UpdateStrategy = new StatefulSetUpdateStrategy { Type = "RollingUpdate", RollingUpdate = new RollingUpdateStatefulSetStrategy { Partition = 0 } } },
        });
        await cluster.WaitForAsync<StatefulSet>("the roll-out", list => list[0].Status is { UpdatedReplicas: 3, ReadyReplicas: 3 } status && status.CurrentRevision == status.UpdateRevision);
        Assert.Equal(["db:2", "db:2", "db:2"], await ImagesAsync(cluster));
    }

    [Fact]
    public async Task Update_BrokenRevision_CanBeRolledBack()
    {
        await using var cluster = await StartAsync(Set(2));
        await cluster.WaitForAsync<StatefulSet>("2 ready", list => list[0].Status.ReadyReplicas == 2);
        await cluster.UpdateAsync<StatefulSet>("default", "db", set => WithImage(set, "broken"));
        await cluster.WaitForAsync<Pod>("a broken pod", list => list.Any(pod => pod.Metadata.Name == "db-1" && pod.Spec.Containers[0].Image == "broken"));
        Assert.Equal(["db", "broken"], await ImagesAsync(cluster));
        await cluster.UpdateAsync<StatefulSet>("default", "db", set => WithImage(set, "db"));
        await cluster.WaitForAsync<StatefulSet>("2 ready", list => list[0].Status is { ReadyReplicas: 2, UpdatedReplicas: 2 });
        Assert.Equal(["db", "db"], await ImagesAsync(cluster));
        var revisions = (await cluster.Client.ListAsync<ControllerRevision>("default", ListQuery.All, default)).Items;
        Assert.Equal([2, 3], revisions.Select(revision => revision.Revision).Order());
    }

    [Fact]
    public async Task Update_PodThatRanIsNotReady_WaitsForIt()
    {
        await using var cluster = await StartAsync(Set(3));
        await cluster.WaitForAsync<StatefulSet>("3 ready", list => list[0].Status.ReadyReplicas == 3);
        await cluster.UpdateStatusAsync<Pod>("default", "db-1", pod => pod with
        {
            Status = pod.Status with { Conditions = [new PodCondition { Type = PodConditionType.Ready, Status = "False" }] },
        });
        await cluster.UpdateAsync<StatefulSet>("default", "db", set => WithImage(set, "db:2"));
        cluster.AdvanceTo(10);
        Assert.Equal(["db", "db", "db"], await ImagesAsync(cluster));
        var status = (await cluster.Client.GetAsync<StatefulSet>("default", "db", default)).Status;
        Assert.NotEqual(status.CurrentRevision, status.UpdateRevision);

        await cluster.UpdateStatusAsync<Pod>("default", "db-1", pod => pod with
        {
            Status = pod.Status with { Conditions = [new PodCondition { Type = PodConditionType.Ready, Status = "True" }] },
        });
        await cluster.WaitForAsync<StatefulSet>("the roll-out", list => list[0].Status is { UpdatedReplicas: 3, ReadyReplicas: 3 });
        Assert.Equal(["db:2", "db:2", "db:2"], await ImagesAsync(cluster));
    }

    [Fact]
    public async Task Update_OfARevisionThatNeverRan_Mends()
    {
        await using var cluster = await StartAsync(Set(2, "broken"));
        await cluster.WaitForAsync<Pod>("the first pod", list => list.Count == 1);
        await cluster.UpdateAsync<StatefulSet>("default", "db", set => WithImage(set, "db"));
        await cluster.WaitForAsync<StatefulSet>("2 ready", list => list[0].Status is { ReadyReplicas: 2, UpdatedReplicas: 2 });
    }

    [Fact]
    public async Task Update_OnDelete_WaitsForTheUser()
    {
        await using var cluster = await StartAsync(Set(2, change: spec => spec with { UpdateStrategy = new StatefulSetUpdateStrategy { Type = "OnDelete" } }));
        await cluster.WaitForAsync<StatefulSet>("2 ready", list => list[0].Status.ReadyReplicas == 2);
        await cluster.UpdateAsync<StatefulSet>("default", "db", set => WithImage(set, "db:2"));
        cluster.AdvanceTo(10);
        Assert.Equal(["db", "db"], await ImagesAsync(cluster));
        await cluster.Client.DeleteAsync<Pod>("default", "db-0", DeleteOptions.Empty, default);
        await cluster.WaitForAsync<Pod>("2 pods", list => list.Count(pod => pod.Status.Phase == "Running") == 2);
        Assert.Equal(["db:2", "db"], await ImagesAsync(cluster));
    }

    [Fact]
    public async Task Scale_Down_TakesTheHighestFirstAndKeepsItsClaim()
    {
        await using var cluster = await StartAsync(WithClaims(Set(3)));
        await cluster.WaitForAsync<Pod>("3 pods", list => list.Count == 3);
        Assert.Equal(["data-db-0", "data-db-1", "data-db-2"], await ClaimsAsync(cluster));
        var pod = await cluster.Client.GetAsync<Pod>("default", "db-1", default);
        Assert.Equal("data-db-1", pod.Spec.Volumes.Single(volume => volume.Name == "data").PersistentVolumeClaim!.ClaimName);

        await cluster.UpdateAsync<StatefulSet>("default", "db", set => set with { Spec = set.Spec with { Replicas = 1 } });
        await cluster.WaitForAsync<Pod>("1 pod", list => list is [{ Metadata.Name: "db-0" }]);
        Assert.Equal(["data-db-0", "data-db-1", "data-db-2"], await ClaimsAsync(cluster));
    }

    [Fact]
    public async Task Retention_Delete_TakesClaimsWithPodsAndSet()
    {
        await using var cluster = await StartAsync(WithClaims(Set(2, change: spec => spec with
        {
            PersistentVolumeClaimRetentionPolicy = new StatefulSetPersistentVolumeClaimRetentionPolicy { WhenDeleted = "Delete", WhenScaled = "Delete" },
        })));
        await cluster.WaitForAsync<Pod>("2 pods", list => list.Count == 2);
        await cluster.UpdateAsync<StatefulSet>("default", "db", set => set with { Spec = set.Spec with { Replicas = 1 } });
        await cluster.WaitForAsync<PersistentVolumeClaim>("1 claim", list => list is [{ Metadata.Name: "data-db-0" }]);
        await cluster.Client.DeleteAsync<StatefulSet>("default", "db", DeleteOptions.Empty, default);
        await cluster.WaitForAsync<PersistentVolumeClaim>("no claim", list => list.Count == 0);
    }

    [Fact]
    public async Task Pod_Failed_IsMadeAnewUnderItsName()
    {
        await using var cluster = await StartAsync(Set(1));
        var pod = (await cluster.WaitForAsync<Pod>("a pod", list => list is [{ Status.Phase: "Running" }]))[0];
        await cluster.UpdateStatusAsync<Pod>("default", "db-0", current => current with { Status = current.Status with { Phase = "Failed" } });
        await cluster.WaitForAsync<Pod>("another", list => list is [{ Metadata.Name: "db-0", Status.Phase: "Running" }] && list[0].Metadata.Uid != pod.Metadata.Uid);
        await cluster.WaitForAsync<Event>("its event", events => events.Any(recorded => recorded.Reason == "RecreatingFailedPod"));
    }

    private static StatefulSet Set(int replicas, string image = "db", Func<StatefulSetSpec, StatefulSetSpec>? change = null)
    {
        var spec = new StatefulSetSpec
        {
            Replicas = replicas,
            ServiceName = "db",
            Selector = new LabelSelector { MatchLabels = Labels },
            Template = new PodTemplateSpec
            {
                Metadata = ObjectMeta.Empty with { Labels = Labels },
                Spec = new PodSpec { Containers = [new Container { Name = "main", Image = image }] },
            },
        };
        return new StatefulSet { Metadata = ObjectMeta.Empty with { Name = "db", Namespace = "default" }, Spec = change?.Invoke(spec) ?? spec };
    }

    private static StatefulSet WithClaims(StatefulSet set) => set with
    {
        Spec = set.Spec with
        {
            VolumeClaimTemplates =
            [
                new PersistentVolumeClaim
                {
                    Metadata = ObjectMeta.Empty with { Name = "data" },
                    Spec = new PersistentVolumeClaimSpec
                    {
                        AccessModes = ["ReadWriteOnce"],
                        Resources = new VolumeResourceRequirements { Requests = new Dictionary<string, Quantity> { ["storage"] = Quantity.Parse("1Gi") } },
                    },
                },
            ],
        },
    };

    private static StatefulSet WithImage(StatefulSet set, string image) => set with
    {
        Spec = set.Spec with
        {
            Template = set.Spec.Template with { Spec = set.Spec.Template.Spec with { Containers = [set.Spec.Template.Spec.Containers[0] with { Image = image }] } },
        },
    };

    private static async Task<ControlPlane> StartAsync(StatefulSet set)
    {
        var cluster = await ControlPlane.StartAsync(new ControllerOptions { NodeMonitorGracePeriod = TimeSpan.FromHours(1), VolumeFolders = new Storage.TestFolders() });
        await cluster.AddNodeAsync("node-1");
        await cluster.Client.CreateAsync(set, default);
        return cluster;
    }

    private static async Task<IEnumerable<string>> ImagesAsync(ControlPlane cluster) =>
        (await cluster.Client.ListAsync<Pod>("default", ListQuery.All, default)).Items.OrderBy(pod => pod.Metadata.Name, StringComparer.Ordinal)
            .Select(pod => pod.Spec.Containers[0].Image);

    private static async Task<IEnumerable<string>> ClaimsAsync(ControlPlane cluster) =>
        (await cluster.Client.ListAsync<PersistentVolumeClaim>("default", ListQuery.All, default)).Items.Select(claim => claim.Metadata.Name).Order();
}
