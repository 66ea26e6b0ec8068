using Coxswain.Api.Core.V1;
using Coxswain.Api.Meta.V1;
using Coxswain.Api.Policy.V1;
using Coxswain.Api.Scalars;
using Coxswain.Api.Scheduling.V1;
using Coxswain.Client;

namespace Coxswain.Controllers.Tests.Scheduling;

public sealed class PreemptionTests
{
    [Fact]
    public async Task Create_MoreImportantPod_TakesTheLeastImportantOnesPlace()
    {
        await using var cluster = await StartAsync();
        await PlaceAsync(cluster, "a-low", "1", 1);
        await PlaceAsync(cluster, "b-middle", "1", 5);
        await cluster.Client.CreateAsync(PodAsking("vip", "1", 10), default);

        var pods = await cluster.WaitForAsync<Pod>("the change", list => list.Any(pod => pod.Metadata.Name == "vip" && pod.Status.Phase == "Running"));
        Assert.Equal(["b-middle", "vip"], pods.Select(pod => pod.Metadata.Name).Order());
        await cluster.WaitForAsync<Event>("its event", events => events.Any(recorded => recorded.Reason == "Preempted" && recorded.InvolvedObject.Name == "a-low"));
    }

    [Fact]
    public async Task Create_NeverPreempts_Waits()
    {
        await using var cluster = await StartAsync();
        await PlaceAsync(cluster, "low", "2", 1);
        var polite = PodAsking("polite", "1", 10);
        await cluster.Client.CreateAsync(
            new PriorityClass { Metadata = ObjectMeta.Empty with { Name = "polite" }, Value = 10, PreemptionPolicy = "Never" }, default);
        await cluster.Client.CreateAsync(polite with { Spec = polite.Spec with { PriorityClassName = "polite" } }, default);
        cluster.AdvanceTo(10);
        Assert.Equal("low", Assert.Single((await cluster.Client.ListAsync<Pod>("default", ListQuery.All, default)).Items, pod => pod.Spec.NodeName.Length > 0).Metadata.Name);
    }

    [Fact]
    public async Task Create_NobodyLessImportant_SaysThatNoVictimsAreFound()
    {
        await using var cluster = await StartAsync();
        await PlaceAsync(cluster, "same", "2", 10);
        await cluster.Client.CreateAsync(PodAsking("other", "1", 10), default);
        await cluster.WaitForAsync<Pod>("the message", list => list.Any(pod => pod.Status.Conditions.Any(condition => condition.Message ==
            "0/1 nodes are available: 1 Insufficient cpu. preemption: 0/1 nodes are available: 1 No preemption victims found for incoming pod.")));
    }

    [Fact]
    public async Task Create_BudgetCoversOne_TheOtherGoes()
    {
        await using var cluster = await StartAsync();
        await PlaceAsync(cluster, "a-kept", "1", 1, ("app", "kept"));
        await PlaceAsync(cluster, "b-free", "1", 1);
        await cluster.Client.CreateAsync(
            new PodDisruptionBudget
            {
                Metadata = ObjectMeta.Empty with { Name = "kept", Namespace = "default" },
                Spec = new PodDisruptionBudgetSpec { MinAvailable = 1, Selector = new LabelSelector { MatchLabels = new Dictionary<string, string> { ["app"] = "kept" } } },
            },
            default);
        await cluster.WaitForAsync<PodDisruptionBudget>("its status", list => list[0].Status.ExpectedPods == 1);
        await cluster.Client.CreateAsync(PodAsking("vip", "1", 10), default);
        var pods = await cluster.WaitForAsync<Pod>("the change", list => list.Any(pod => pod.Metadata.Name == "vip" && pod.Status.Phase == "Running"));
        Assert.Equal(["a-kept", "vip"], pods.Select(pod => pod.Metadata.Name).Order());
    }

    private static async Task<ControlPlane> StartAsync()
    {
        var cluster = await ControlPlane.StartAsync(new ControllerOptions { NodeMonitorGracePeriod = TimeSpan.FromHours(1) });
        await cluster.AddNodeAsync("node-1", cpu: "2");
        foreach (var value in (int[])[1, 5, 10])
        {
            await cluster.Client.CreateAsync(new PriorityClass { Metadata = ObjectMeta.Empty with { Name = $"p{value}" }, Value = value }, default);
        }

        return cluster;
    }

    private static async Task PlaceAsync(ControlPlane cluster, string name, string cpu, int priority, params (string Key, string Value)[] labels)
    {
        await cluster.Client.CreateAsync(PodAsking(name, cpu, priority, labels), default);
        await cluster.WaitForAsync<Pod>(name, list => list.Any(pod => pod.Metadata.Name == name && pod.Status.Phase == "Running"));
    }

    private static Pod PodAsking(string name, string cpu, int priority, params (string Key, string Value)[] labels) => new()
    {
        Metadata = ObjectMeta.Empty with { Name = name, Namespace = "default", Labels = labels.ToDictionary(label => label.Key, label => label.Value) },
        Spec = new PodSpec
        {
            PriorityClassName = $"p{priority}",
            Containers =
            [
                new Container { Name = "main", Image = "main", Resources = new ResourceRequirements { Requests = new Dictionary<string, Quantity> { ["cpu"] = Quantity.Parse(cpu) } } },
            ],
        },
    };
}
