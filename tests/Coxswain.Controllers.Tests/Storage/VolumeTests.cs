using Coxswain.Api.Core.V1;
using Coxswain.Api.Meta.V1;
using Coxswain.Api.Scalars;
using Coxswain.Api.Storage.V1;
using Coxswain.Client;

namespace Coxswain.Controllers.Tests.Storage;

public sealed class VolumeTests
{
    private readonly TestFolders _folders = new();

    [Fact]
    public async Task Claim_SmallestThatSuits_IsBoundToIt()
    {
        await using var cluster = await StartAsync();
        foreach (var (name, size, mode) in new[] { ("large", "10Gi", "ReadWriteOnce"), ("right", "2Gi", "ReadWriteOnce"), ("small", "1Gi", "ReadWriteOnce"), ("other", "2Gi", "ReadOnlyMany") })
        {
            await cluster.Client.CreateAsync(Volume(name, size, mode), default);
        }

        await cluster.WaitForAsync<PersistentVolume>("availability", list => list.All(volume => volume.Status.Phase == "Available"));
        await cluster.Client.CreateAsync(Claim("data", "2Gi", className: "manual"), default);
        var claim = (await cluster.WaitForAsync<PersistentVolumeClaim>("its volume", list => list is [{ Status.Phase: "Bound" }]))[0];
        Assert.Equal(("right", "2Gi"), (claim.Spec.VolumeName, claim.Status.Capacity["storage"].ToString()));
        var volume = await cluster.Client.GetAsync<PersistentVolume>(null, "right", default);
        Assert.Equal(("Bound", claim.Metadata.Uid), (volume.Status.Phase, volume.Spec.ClaimRef!.Uid));
        Assert.Contains("kubernetes.io/pv-protection", volume.Metadata.Finalizers);
        Assert.Contains("kubernetes.io/pvc-protection", claim.Metadata.Finalizers);
    }

    [Fact]
    public async Task Claim_TwoForOneVolume_OneWaits()
    {
        await using var cluster = await StartAsync();
        await cluster.Client.CreateAsync(Volume("only", "1Gi"), default);
        await cluster.Client.CreateAsync(Claim("first", "1Gi", className: "manual"), default);
        await cluster.Client.CreateAsync(Claim("second", "1Gi", className: "manual"), default);
        await cluster.WaitForAsync<PersistentVolumeClaim>("one", list => list.Count(claim => claim.Status.Phase == "Bound") == 1);
        cluster.AdvanceTo(10);
        var claims = (await cluster.Client.ListAsync<PersistentVolumeClaim>("default", ListQuery.All, default)).Items;
        Assert.Equal(["Bound", "Pending"], claims.Select(claim => claim.Status.Phase).Order());
        await cluster.Client.CreateAsync(Volume("more", "1Gi"), default);
        await cluster.WaitForAsync<PersistentVolumeClaim>("both", list => list.All(claim => claim.Status.Phase == "Bound"));
    }

    [Theory]
    [InlineData("Retain", "Released")]
    [InlineData("Recycle", "Failed")]
    [InlineData("Delete", "Failed")]
    public async Task Claim_Deleted_LeavesAVolumeOfItsUserAsItsPolicySays(string policy, string phase)
    {
        await using var cluster = await StartAsync();
        var volume = Volume("only", "1Gi");
        await cluster.Client.CreateAsync(volume with { Spec = volume.Spec with { PersistentVolumeReclaimPolicy = policy } }, default);
        await cluster.Client.CreateAsync(Claim("data", "1Gi", className: "manual"), default);
        await cluster.WaitForAsync<PersistentVolumeClaim>("its volume", list => list is [{ Status.Phase: "Bound" }]);
        await cluster.Client.DeleteAsync<PersistentVolumeClaim>("default", "data", DeleteOptions.Empty, default);
        await cluster.WaitForAsync<PersistentVolume>("its phase", list => list is [{ Status: var status }] && status.Phase == phase);
    }

    [Fact]
    public async Task Provision_AtOnce_MakesAFolderThatGoesWithTheClaim()
    {
        await using var cluster = await StartAsync();
        await cluster.Client.CreateAsync(Class("fast", "Immediate"), default);
        await cluster.Client.CreateAsync(Claim("data", "3Gi", className: "fast"), default);
        var claim = (await cluster.WaitForAsync<PersistentVolumeClaim>("its volume", list => list is [{ Status.Phase: "Bound" }]))[0];
        var volume = await cluster.Client.GetAsync<PersistentVolume>(null, claim.Spec.VolumeName, default);
        Assert.Equal(("/volumes/" + volume.Metadata.Name, "3Gi", "Delete"),
            (volume.Spec.HostPath!.Path, volume.Spec.Capacity["storage"].ToString(), volume.Spec.PersistentVolumeReclaimPolicy));
        Assert.Equal([volume.Metadata.Name], _folders.Names);

        await cluster.Client.DeleteAsync<PersistentVolumeClaim>("default", "data", DeleteOptions.Empty, default);
        await cluster.WaitForAsync<PersistentVolume>("no volume", list => list.Count == 0);
        Assert.Empty(_folders.Names);
    }

    [Theory]
    [InlineData("Delete", 0)]
    [InlineData("Retain", 1)]
    public async Task Provision_VolumeDeletedByItsUser_TakesItsFolderAlongAsItsPolicySays(string policy, int folders)
    {
        await using var cluster = await StartAsync();
        await cluster.Client.CreateAsync(Class("fast", "Immediate"), default);
        await cluster.Client.CreateAsync(Claim("data", "3Gi", className: "fast"), default);
        await cluster.WaitForAsync<PersistentVolumeClaim>("its volume", list => list is [{ Status.Phase: "Bound" }]);
        var name = Assert.Single(_folders.Names);
        await cluster.UpdateAsync<PersistentVolume>(null, name, volume => volume with { Spec = volume.Spec with { PersistentVolumeReclaimPolicy = "Retain" } });

        // While it is bound it stays.
        await cluster.Client.DeleteAsync<PersistentVolume>(null, name, DeleteOptions.Empty, default);
        cluster.AdvanceTo(5);
        Assert.Equal("Bound", (await cluster.Client.GetAsync<PersistentVolume>(null, name, default)).Status.Phase);
        await cluster.UpdateAsync<PersistentVolume>(null, name, volume => volume with { Spec = volume.Spec with { PersistentVolumeReclaimPolicy = policy } });
        await cluster.Client.DeleteAsync<PersistentVolumeClaim>("default", "data", DeleteOptions.Empty, default);
        await cluster.WaitForAsync<PersistentVolume>("no volume", list => list.Count == 0);
        Assert.Equal(folders, _folders.Names.Count());
    }

    [Fact]
    public async Task Provision_VolumeThatWasReleasedIsDeleted_TakesItsFolderAlong()
    {
        await using var cluster = await StartAsync();
        await cluster.Client.CreateAsync(Class("fast", "Immediate") with { ReclaimPolicy = "Retain" }, default);
        await cluster.Client.CreateAsync(Claim("data", "3Gi", className: "fast"), default);
        await cluster.WaitForAsync<PersistentVolumeClaim>("its volume", list => list is [{ Status.Phase: "Bound" }]);
        await cluster.Client.DeleteAsync<PersistentVolumeClaim>("default", "data", DeleteOptions.Empty, default);
        var volume = (await cluster.WaitForAsync<PersistentVolume>("its release", list => list is [{ Status.Phase: "Released" }]))[0];
        Assert.Equal([volume.Metadata.Name], _folders.Names);

        await cluster.UpdateAsync<PersistentVolume>(null, volume.Metadata.Name, found => found with { Spec = found.Spec with { ClaimRef = null } });
        await cluster.WaitForAsync<PersistentVolume>("availability", list => list is [{ Status.Phase: "Available" }]);
        await cluster.UpdateAsync<PersistentVolume>(null, volume.Metadata.Name, found => found with { Spec = found.Spec with { PersistentVolumeReclaimPolicy = "Delete" } });
        await cluster.Client.DeleteAsync<PersistentVolume>(null, volume.Metadata.Name, DeleteOptions.Empty, default);
        await cluster.WaitForAsync<PersistentVolume>("no volume", list => list.Count == 0);
        Assert.Empty(_folders.Names);
    }

    [Fact]
    public async Task Provision_ClassLeftOpen_TakesTheDefaultAndWaitsForAPod()
    {
        await using var cluster = await StartAsync();
        await cluster.AddNodeAsync("node-1");
        await cluster.AddNodeAsync("node-2");
        await cluster.Client.CreateAsync(Claim("data", "1Gi"), default);
        await cluster.WaitForAsync<Event>("the wait", events => events.Any(recorded => recorded.Reason == "WaitForFirstConsumer"));
        Assert.Equal("standard", (await cluster.Client.GetAsync<PersistentVolumeClaim>("default", "data", default)).Spec.StorageClassName);

        await cluster.Client.CreateAsync(PodWith("data"), default);
        var pod = (await cluster.WaitForAsync<Pod>("the pod", list => list is [{ Status.Phase: "Running" }]))[0];
        var volume = Assert.Single((await cluster.Client.ListAsync<PersistentVolume>(null, ListQuery.All, default)).Items);
        Assert.Equal([pod.Spec.NodeName], volume.Spec.NodeAffinity!.Required!.NodeSelectorTerms[0].MatchExpressions[0].Values);

        // Another pod of the claim has to go where the data are.
        await cluster.Client.DeleteAsync<Pod>("default", "user", DeleteOptions.Empty, default);
        await cluster.UpdateAsync<Api.Core.V1.Node>(null, pod.Spec.NodeName, node => node with { Spec = node.Spec with { Unschedulable = true } });
        await cluster.Client.CreateAsync(PodWith("data"), default);
        await cluster.WaitForAsync<Pod>("the refusal", list => list.Any(other => other.Status.Conditions.Any(condition =>
            condition.Message.Contains("1 node(s) didn't match PersistentVolume's node affinity", StringComparison.Ordinal)
            && condition.Message.Contains("1 node(s) were unschedulable", StringComparison.Ordinal))));
    }

    [Fact]
    public async Task Pod_ClaimIsMissingOrUnbound_WaitsAndSaysWhy()
    {
        await using var cluster = await StartAsync();
        await cluster.AddNodeAsync("node-1");
        await cluster.Client.CreateAsync(PodWith("data"), default);
        await SaysAsync(cluster, "0/1 nodes are available: persistentvolumeclaim \"data\" not found.");
        await cluster.Client.CreateAsync(Claim("data", "1Gi", className: "manual"), default);
        await SaysAsync(cluster, "0/1 nodes are available: pod has unbound immediate PersistentVolumeClaims.");
        await cluster.Client.CreateAsync(Volume("only", "1Gi"), default);
        await cluster.WaitForAsync<Pod>("the pod", list => list is [{ Status.Phase: "Running" }]);
    }

    [Fact]
    public async Task Claim_DeletedWhileAPodUsesIt_Stays()
    {
        await using var cluster = await StartAsync();
        await cluster.AddNodeAsync("node-1");
        await cluster.Client.CreateAsync(Claim("data", "1Gi"), default);
        await cluster.Client.CreateAsync(PodWith("data"), default);
        await cluster.WaitForAsync<Pod>("the pod", list => list is [{ Status.Phase: "Running" }]);
        await cluster.Client.DeleteAsync<PersistentVolumeClaim>("default", "data", DeleteOptions.Empty, default);
        cluster.AdvanceTo(20);
        Assert.NotNull((await cluster.Client.GetAsync<PersistentVolumeClaim>("default", "data", default)).Metadata.DeletionTimestamp);
        await cluster.Client.DeleteAsync<Pod>("default", "user", DeleteOptions.Empty, default);
        await cluster.WaitForAsync<PersistentVolumeClaim>("no claim", list => list.Count == 0);
    }

    [Fact]
    public async Task Claim_AsksForMore_GetsIt()
    {
        await using var cluster = await StartAsync();
        await cluster.AddNodeAsync("node-1");
        await cluster.Client.CreateAsync(Claim("data", "1Gi"), default);
        await cluster.Client.CreateAsync(PodWith("data"), default);
        await cluster.WaitForAsync<PersistentVolumeClaim>("its volume", list => list is [{ Status.Phase: "Bound" }]);
        await cluster.UpdateAsync<PersistentVolumeClaim>("default", "data", claim => claim with { Spec = claim.Spec with { Resources = Size("5Gi") } });
        await cluster.WaitForAsync<PersistentVolumeClaim>("its size", list => list[0].Status.Capacity["storage"].ToString() == "5Gi");
        await cluster.WaitForAsync<PersistentVolume>("the volume's", list => list[0].Spec.Capacity["storage"].ToString() == "5Gi");
    }

    [Fact]
    public async Task Ephemeral_Volume_ComesAndGoesWithItsPod()
    {
        await using var cluster = await StartAsync();
        await cluster.AddNodeAsync("node-1");
        var pod = PodWith("data");
        await cluster.Client.CreateAsync(
            pod with
            {
                Spec = pod.Spec with
                {
                    Volumes =
                    [
                        new Volume
                        {
                            Name = "scratch",
                            Ephemeral = new EphemeralVolumeSource { VolumeClaimTemplate = new PersistentVolumeClaimTemplate { Spec = Claim("x", "1Gi").Spec } },
                        },
                    ],
                },
            },
            default);
        await cluster.WaitForAsync<Pod>("the pod", list => list is [{ Status.Phase: "Running" }]);
        var claim = Assert.Single((await cluster.Client.ListAsync<PersistentVolumeClaim>("default", ListQuery.All, default)).Items);
        Assert.Equal(("user-scratch", "Pod"), (claim.Metadata.Name, claim.Metadata.OwnerReferences[0].Kind));
        await cluster.Client.DeleteAsync<Pod>("default", "user", DeleteOptions.Empty, default);
        await cluster.WaitForAsync<PersistentVolume>("no volume", list => list.Count == 0);
    }

    [Fact]
    public async Task Volume_Deleted_ItsClaimIsLostOnlyWhenItIsGone()
    {
        await using var cluster = await StartAsync();
        await cluster.Client.CreateAsync(Volume("only", "1Gi"), default);
        await cluster.Client.CreateAsync(Claim("data", "1Gi", className: "manual"), default);
        await cluster.WaitForAsync<PersistentVolumeClaim>("its volume", list => list is [{ Status.Phase: "Bound" }]);
        await cluster.Client.DeleteAsync<PersistentVolume>(null, "only", DeleteOptions.Empty, default);
        cluster.AdvanceTo(10);
        Assert.Equal("Bound", (await cluster.Client.GetAsync<PersistentVolumeClaim>("default", "data", default)).Status.Phase);
        await cluster.UpdateAsync<PersistentVolume>(null, "only", volume => volume with { Metadata = volume.Metadata with { Finalizers = [] } });
        await cluster.WaitForAsync<PersistentVolumeClaim>("the loss", list => list is [{ Status.Phase: "Lost" }]);
    }

    private async Task<ControlPlane> StartAsync() => await ControlPlane.StartAsync(
        new ControllerOptions { NodeMonitorGracePeriod = TimeSpan.FromHours(1), VolumeFolders = _folders });

    private static Task SaysAsync(ControlPlane cluster, string message) => cluster.WaitForAsync<Pod>(
        message, list => list[0].Status.Conditions.Any(condition => condition.Type == "PodScheduled" && condition.Message.StartsWith(message, StringComparison.Ordinal)));

    private static PersistentVolume Volume(string name, string size, string mode = "ReadWriteOnce") => new()
    {
        Metadata = ObjectMeta.Empty with { Name = name },
        Spec = new PersistentVolumeSpec
        {
            Capacity = new Dictionary<string, Quantity> { ["storage"] = Quantity.Parse(size) },
            AccessModes = [mode],
            StorageClassName = "manual",
            PersistentVolumeReclaimPolicy = "Retain",
            HostPath = new HostPathVolumeSource { Path = "/data/" + name },
        },
    };

    private static PersistentVolumeClaim Claim(string name, string size, string? className = null) => new()
    {
        Metadata = ObjectMeta.Empty with { Name = name, Namespace = "default" },
        Spec = new PersistentVolumeClaimSpec { AccessModes = ["ReadWriteOnce"], StorageClassName = className, Resources = Size(size) },
    };

    private static VolumeResourceRequirements Size(string size) =>
        new() { Requests = new Dictionary<string, Quantity> { ["storage"] = Quantity.Parse(size) } };

    private static StorageClass Class(string name, string mode) =>
        new() { Metadata = ObjectMeta.Empty with { Name = name }, Provisioner = "coxswain.dev/host-path", VolumeBindingMode = mode };

    private static Pod PodWith(string claim) => new()
    {
        Metadata = ObjectMeta.Empty with { Name = "user", Namespace = "default" },
        Spec = new PodSpec
        {
            Containers = [new Container { Name = "main", Image = "main" }],
            Volumes = [new Volume { Name = "data", PersistentVolumeClaim = new PersistentVolumeClaimVolumeSource { ClaimName = claim } }],
        },
    };
}
