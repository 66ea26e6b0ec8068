using Coxswain.Api.Core.V1;
using Coxswain.Api.Meta.V1;
using Coxswain.Api.Scalars;
using Coxswain.Client;
using Coxswain.Controllers.Tests.Apps;

namespace Coxswain.Controllers.Tests.Quota;

public sealed class ResourceQuotaControllerTests
{
    [Fact]
    public async Task Create_Quota_CountsWhatIsThereAndWhatGoes()
    {
        await using var cluster = await ControlPlane.StartAsync();
        await cluster.AddNodeAsync("node-1");
        await cluster.Client.CreateAsync(Pod("one", "250m"), default);
        await cluster.Client.CreateAsync(new Secret { Metadata = ObjectMeta.Empty with { Name = "key", Namespace = "default" } }, default);
        await cluster.Client.CreateAsync(Quota(("pods", "5"), ("requests.cpu", "2"), ("secrets", "10"), ("count/replicasets.apps", "3"), ("services", "4")), default);
        await UsesAsync(cluster, ("pods", "1"), ("requests.cpu", "250m"), ("secrets", "1"), ("count/replicasets.apps", "0"), ("services", "1"));

        await cluster.Client.CreateAsync(Pod("two", "500m"), default);
        await cluster.Client.CreateAsync(Deployments.Web(1), default);

        // The set's own pod says nothing of its CPU, and is refused.
        await UsesAsync(cluster, ("pods", "2"), ("requests.cpu", "750m"), ("count/replicasets.apps", "1"));
        await cluster.Client.DeleteAsync<Pod>("default", "one", DeleteOptions.Empty, default);
        await cluster.UpdateStatusAsync<Pod>("default", "two", pod => pod with { Status = pod.Status with { Phase = "Succeeded" } });
        await UsesAsync(cluster, ("pods", "0"), ("requests.cpu", "0"));
    }

    [Fact]
    public async Task Update_Hard_StatusFollows()
    {
        await using var cluster = await ControlPlane.StartAsync();
        await cluster.Client.CreateAsync(Quota(("pods", "5")), default);
        await UsesAsync(cluster, ("pods", "0"));
        await cluster.UpdateAsync<ResourceQuota>("default", "limits", quota => quota with { Spec = Quota(("pods", "7"), ("configmaps", "9")).Spec });
        await cluster.WaitForAsync<ResourceQuota>("the limits", list => list[0].Status.Hard.Count == 2 && list[0].Status.Hard["pods"].ToString() == "7");
    }

    [Theory]
    [InlineData("BestEffort", "1")]
    [InlineData("NotBestEffort", "2")]
    public async Task Scope_OfQuality_CountsThosePodsAlone(string scope, string expected)
    {
        await using var cluster = await ControlPlane.StartAsync();
        await cluster.AddNodeAsync("node-1");
        await cluster.Client.CreateAsync(Pod("best-effort", null), default);
        await cluster.Client.CreateAsync(Pod("one", "100m"), default);
        await cluster.Client.CreateAsync(Pod("two", "100m"), default);
        var quota = Quota(("pods", "5"));
        await cluster.Client.CreateAsync(quota with { Spec = quota.Spec with { Scopes = [scope] } }, default);
        await UsesAsync(cluster, ("pods", expected));
    }

    private static Task UsesAsync(ControlPlane cluster, params (string Name, string Amount)[] amounts) => cluster.WaitForAsync<ResourceQuota>(
        string.Join(", ", amounts), list => amounts.All(item => list[0].Status.Used.TryGetValue(item.Name, out var used) && used == Quantity.Parse(item.Amount)));

    private static ResourceQuota Quota(params (string Name, string Amount)[] hard) => new()
    {
        Metadata = ObjectMeta.Empty with { Name = "limits", Namespace = "default" },
        Spec = new ResourceQuotaSpec { Hard = hard.ToDictionary(item => item.Name, item => Quantity.Parse(item.Amount)) },
    };

    private static Pod Pod(string name, string? cpu) => new()
    {
        Metadata = ObjectMeta.Empty with { Name = name, Namespace = "default" },
        Spec = new PodSpec
        {
            Containers =
            [
                new Container
                {
                    Name = "main", Image = "main",
                    Resources = cpu is null ? ResourceRequirements.Empty
                        : new ResourceRequirements { Requests = new Dictionary<string, Quantity> { ["cpu"] = Quantity.Parse(cpu) } },
                },
            ],
        },
    };
}
