using System.Text;
using Coxswain.Api.Core.V1;
using Coxswain.Api.Meta.V1;
using Coxswain.Client;
using Coxswain.Node.Pods;
using Coxswain.Node.Tests.Agent;
using Coxswain.Testing.Client;
using Coxswain.Testing.Cluster;

namespace Coxswain.Node.Tests.Pods;

public sealed class PodReportTests : IAsyncLifetime
{
    private TestApiServer? _api;
    private int _requests;
    private InterceptedKubeClient? _client;

    private InterceptedKubeClient Client => _client!; // Set before each test.

    public async Task InitializeAsync()
    {
        _api = await NodeApiServer.StartAsync();
        _client = new InterceptedKubeClient(_api.Admin, (_, _) => _requests++);
    }

    public async Task DisposeAsync() => await _api!.DisposeAsync(); // Set before each test.

    [Fact]
    public async Task Write_AnotherWroteItsConditionMeanwhile_BothAreKept()
    {
        var report = await CreateAsync();
        await SetGateAsync();
        report.Set(report.Pod.Status with { Conditions = [Condition("Ready", "True")] });
        await report.WriteAsync(CancellationToken.None);
        Assert.Equal(
            [("Ready", "True"), ("shop/gate", "True")],
            (await GetAsync()).Status.Conditions.Select(condition => (condition.Type, condition.Status)).Order());
    }

    [Fact]
    public async Task Write_PhaseAlone_DoesNotMindTheVersion()
    {
        var report = await CreateAsync();
        await SetGateAsync();
        _requests = 0;
        report.Set(report.Pod.Status with { Phase = "Running" });
        await report.WriteAsync(CancellationToken.None);
        Assert.Equal(1, _requests);
        Assert.Equal("Running", (await GetAsync()).Status.Phase);
    }

    [Fact]
    public async Task Write_Unchanged_AsksNothing()
    {
        var report = await CreateAsync();
        report.Set(report.Pod.Status with { Phase = "Running", StartTime = new DateTimeOffset(2026, 1, 1, 0, 0, 0, 500, TimeSpan.Zero) });
        await report.WriteAsync(CancellationToken.None);
        Assert.True(report.IsWritten);
        report.Update(await GetAsync());
        Assert.True(report.IsWritten); // Though the API keeps whole seconds.
    }

    [Fact]
    public async Task Write_SomebodyChangedWhatIsOurs_PutsItBack()
    {
        var report = await CreateAsync();
        report.Set(report.Pod.Status with { Phase = "Running" });
        await report.WriteAsync(CancellationToken.None);
        await PatchAsync("""{"status":{"phase":"Pending"}}""");
        report.Update(await GetAsync());
        await report.WriteAsync(CancellationToken.None);
        Assert.Equal("Running", (await GetAsync()).Status.Phase);
    }

    [Fact]
    public async Task Write_FieldEmptied_IsRemoved()
    {
        var report = await CreateAsync();
        report.Set(report.Pod.Status with { Phase = "Running", Reason = "Because", PodIP = "10.244.0.7" });
        await report.WriteAsync(CancellationToken.None);
        report.Set(report.Pod.Status with { Reason = "", PodIP = "" });
        await report.WriteAsync(CancellationToken.None);
        var status = (await GetAsync()).Status;
        Assert.Equal(("Running", "", ""), (status.Phase, status.Reason, status.PodIP));
    }

    [Fact]
    public async Task Write_PodReplacedByAnotherOfTheName_LeavesThatAlone()
    {
        var report = await CreateAsync();
        await Client.DeleteAsync<Pod>("default", "web", new DeleteOptions { GracePeriodSeconds = 0 }, CancellationToken.None);
        await CreateAsync();
        report.Set(report.Pod.Status with { Phase = "Failed" });
        await report.WriteAsync(CancellationToken.None);
        Assert.NotEqual("Failed", (await GetAsync()).Status.Phase);
    }

    [Fact]
    public async Task Encode_PhaseChanged_HoldsNothingElse()
    {
        var pod = (await CreateAsync()).Pod;
        var changes = PodStatusChanges.Between(pod, pod.Status, pod.Status, pod.Status with { Phase = "Running" });
        Assert.Equal(
            $$$"""{"metadata":{"uid":"{{{pod.Metadata.Uid}}}"},"status":{"phase":"Running"}}""", Encoding.UTF8.GetString(changes.Encode(pod.Metadata.Uid, pod.Metadata.ResourceVersion).Span));
    }

    private async Task<PodReport> CreateAsync() => new(
        await Client.CreateAsync(
            Pod.Empty with
            {
                Metadata = ObjectMeta.Empty with { Name = "web", Namespace = "default" },
                Spec = PodSpec.Empty with { Containers = [new Container { Name = "main", Image = "shop/web:1" }] },
            },
            CancellationToken.None),
        new ApiPodStatuses(Client));

    private Task<Pod> GetAsync() => Client.GetAsync<Pod>("default", "web", CancellationToken.None);

    private Task SetGateAsync() => PatchAsync("""{"status":{"conditions":[{"type":"shop/gate","status":"True"}]}}""");

    private Task PatchAsync(string patch) => Client.PatchStatusAsync<Pod>(
        "default", "web", new KubePatch(PatchType.Merge, Encoding.UTF8.GetBytes(patch)), CancellationToken.None);

    private static PodCondition Condition(string type, string status) => new() { Type = type, Status = status };
}
