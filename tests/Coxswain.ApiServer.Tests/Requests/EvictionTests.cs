using Coxswain.Api.Core.V1;
using Coxswain.Api.Meta.V1;
using Coxswain.Api.Policy.V1;
using Coxswain.Client;

namespace Coxswain.ApiServer.Tests.Requests;

public sealed class EvictionTests : IAsyncLifetime
{
    private TestServer _server = null!;

    public async Task InitializeAsync() => _server = await TestServer.StartAsync();

    public async Task DisposeAsync() => await _server.DisposeAsync();

    [Fact]
    public async Task Eviction_Dry_ChangesNothing()
    {
        await CreatePodAsync("p");
        await CreateBudgetAsync(allowed: 1);
        var before = await _server.Store.GetRevisionAsync(default);
        (await EvictAsync("p", """{"deleteOptions":{"dryRun":["All"]}}""")).Expect(201);
        (await _server.PostAsync("/api/v1/namespaces/default/pods/p/eviction?dryRun=All", "{}")).Expect(201);
        Assert.Equal(before, await _server.Store.GetRevisionAsync(default));
    }

    [Fact]
    public async Task Eviction_OfMoreThanTheBudgetAllows_IsToBeTriedAgain()
    {
        await CreatePodAsync("p");
        await CreatePodAsync("q");
        await CreateBudgetAsync(allowed: 1);
        (await EvictAsync("p")).Expect(201);
        var refusal = (await EvictAsync("q")).Expect(429);
        Assert.Equal("DisruptionBudget", (string)refusal.Json["details"]!["causes"]![0]!["reason"]!);
        var budget = await _server.Admin.GetAsync<PodDisruptionBudget>("default", "b", default);
        Assert.Equal(0, budget.Status.DisruptionsAllowed);
        Assert.Equal(["p"], budget.Status.DisruptedPods.Keys);
    }

    [Fact]
    public async Task Eviction_OfManyAtOnce_TakesEachDisruptionOnce()
    {
        string[] names = [.. Enumerable.Range(0, 8).Select(i => $"p{i}")];
        foreach (var name in names)
        {
            await CreatePodAsync(name);
        }

        await CreateBudgetAsync(allowed: 3);
        var answers = await Task.WhenAll(names.Select(name => EvictAsync(name)));
        Assert.Equal(3, answers.Count(answer => answer.Code == 201));
        Assert.Equal(5, answers.Count(answer => answer.Code == 429));
    }

    [Fact]
    public async Task Eviction_BeforeTheBudgetIsCounted_IsToBeTriedAgain()
    {
        await CreatePodAsync("p");
        await _server.Admin.CreateAsync(Budget(), default);
        Assert.Contains("still being processed", (string)(await EvictAsync("p")).Expect(429).Json["details"]!["causes"]![0]!["message"]!);
    }

    [Theory]
    [InlineData(null, 2, true)]
    [InlineData(null, 0, false)]
    [InlineData("AlwaysAllow", 0, true)]
    public async Task Eviction_OfAnUnreadyPod_NeedsNoDisruption(string? policy, int healthy, bool isEvicted)
    {
        await CreatePodAsync("p", isReady: false);
        await CreateBudgetAsync(allowed: 0, healthy, policy);
        (await EvictAsync("p")).Expect(isEvicted ? 201 : 429);
    }

    [Fact]
    public async Task Eviction_OfAPodThatWasReplacedMeanwhile_LeavesTheNewOne()
    {
        await CreatePodAsync("p");
        await CreateBudgetAsync(allowed: 1);
        _server.Intercepted.AfterCommit = async write =>
        {
            if (write.Key.StartsWith("/registry/policy/poddisruptionbudgets/", StringComparison.Ordinal))
            {
                await _server.Admin.DeleteAsync<Pod>("default", "p", DeleteOptions.Empty with { GracePeriodSeconds = 0 }, default);
                await CreatePodAsync("p");
            }
        };
        (await EvictAsync("p")).Expect(409);
        Assert.Null((await _server.Admin.GetAsync<Pod>("default", "p", default)).Metadata.DeletionTimestamp);
    }

    [Fact]
    public async Task Eviction_OfAnotherPodThanWasMeant_TakesNoDisruption()
    {
        await CreatePodAsync("p");
        await CreateBudgetAsync(allowed: 1);
        (await EvictAsync("p", """{"deleteOptions":{"preconditions":{"uid":"other"}}}""")).Expect(409);
        Assert.Equal(1, (await _server.Admin.GetAsync<PodDisruptionBudget>("default", "b", default)).Status.DisruptionsAllowed);
    }

    private Task<Answer> EvictAsync(string pod, string body = "{}") => _server.PostAsync($"/api/v1/namespaces/default/pods/{pod}/eviction", body);

    private async Task CreatePodAsync(string name, bool isReady = true)
    {
        var metadata = ObjectMeta.Empty with { Name = name, Namespace = "default", Labels = new Dictionary<string, string> { ["app"] = "a" } };
        var pod = await _server.Admin.CreateAsync(
            new Pod { Metadata = metadata, Spec = new PodSpec { NodeName = "n1", Containers = [new Container { Name = "c", Image = "i" }] } }, default);
        var ready = new PodCondition { Type = "Ready", Status = isReady ? "True" : "False" };
        await _server.Admin.UpdateStatusAsync(pod with { Status = pod.Status with { Phase = "Running", Conditions = [ready] } }, default);
    }

    private async Task CreateBudgetAsync(int allowed, int healthy = 2, string? policy = null)
    {
        var budget = await _server.Admin.CreateAsync(Budget(policy), default);
        var status = new PodDisruptionBudgetStatus
        {
            ObservedGeneration = budget.Metadata.Generation,
            DisruptionsAllowed = allowed,
            DesiredHealthy = 2,
            CurrentHealthy = healthy,
            ExpectedPods = 3,
        };
        await _server.Admin.UpdateStatusAsync(budget with { Status = status }, default);
    }

    private static PodDisruptionBudget Budget(string? policy = null) => new()
    {
        Metadata = ObjectMeta.Empty with { Name = "b", Namespace = "default" },
        Spec = new PodDisruptionBudgetSpec
        {
            MinAvailable = 2,
            Selector = new Coxswain.Api.Meta.V1.LabelSelector { MatchLabels = new Dictionary<string, string> { ["app"] = "a" } },
            UnhealthyPodEvictionPolicy = policy,
        },
    };
}
