using Coxswain.Api.Batch.V1;
using Coxswain.Api.Core.V1;
using Coxswain.Api.Meta.V1;
using Coxswain.Client;

namespace Coxswain.Controllers.Tests.Batch;

public sealed class JobControllerTests
{
    private const string Tracking = "batch.kubernetes.io/job-tracking";

    [Fact]
    public async Task Create_TwoOfThreeAtOnce_CompletesWithEachPodCountedOnce()
    {
        await using var cluster = await StartAsync();
        await cluster.Client.CreateAsync(Jobs.Make(change: spec => spec with { Completions = 3, Parallelism = 2 }), default);
        var pods = await cluster.WaitForAsync<Pod>("2 pods", list => list.Count == 2 && list.All(pod => pod.Status.Phase == "Running"));
        Assert.All(pods, pod => Assert.Contains(Tracking, pod.Metadata.Finalizers));
        await cluster.WaitForAsync<Job>("2 active", list => list is [{ Status: { Active: 2, Ready: 2, StartTime: not null } }]);

        await cluster.EndAsync(pods[0], 0);
        await cluster.EndAsync(pods[1], 0);
        pods = await cluster.WaitForAsync<Pod>("the third pod", list => list.Count == 3 && list.Any(pod => pod.Status.Phase == "Running"));
        await cluster.EndAsync(pods.Single(pod => pod.Status.Phase == "Running"), 0);

        var job = (await cluster.WaitForAsync<Job>("the end", list => Jobs.Is(list[0], "Complete")))[0];
        Assert.Equal((3, 0, 0), (job.Status.Succeeded, job.Status.Failed, job.Status.Active));
        Assert.NotNull(job.Status.CompletionTime);
        Assert.True(Jobs.Is(job, "SuccessCriteriaMet"));
        Assert.Equal("CompletionsReached", job.Status.Conditions.Single(condition => condition.Type == "Complete").Reason);
        var left = await cluster.Client.ListAsync<Pod>("default", ListQuery.All, default);
        Assert.All(left.Items, pod => Assert.DoesNotContain(Tracking, pod.Metadata.Finalizers));
        await cluster.WaitForAsync<Event>("its event", events => events.Any(recorded => recorded is { Reason: "Completed", InvolvedObject.Kind: "Job" }));
    }

    [Fact]
    public async Task Create_SelectorAndLabels_AreTheServers()
    {
        await using var cluster = await StartAsync();
        var job = await cluster.Client.CreateAsync(Jobs.Make(), default);
        Assert.Equal(job.Metadata.Uid, job.Spec.Selector!.MatchLabels["batch.kubernetes.io/controller-uid"]);
        Assert.Equal("work", job.Spec.Template.Metadata.Labels["job-name"]);
    }

    [Fact]
    public async Task PodFails_Again_IsReplacedAfterGrowingWaitsUntilTheLimit()
    {
        await using var cluster = await StartAsync();
        await cluster.Client.CreateAsync(Jobs.Make(change: spec => spec with { BackoffLimit = 1 }), default);
        var first = (await cluster.WaitForAsync<Pod>("a pod", IsOneRunning))[0];
        await cluster.EndAsync(first, 1);
        cluster.AdvanceTo((cluster.Time.GetUtcNow() - cluster.Start).TotalSeconds + 8);
        Assert.Single((await cluster.Client.ListAsync<Pod>("default", ListQuery.All, default)).Items);

        var second = (await cluster.WaitForAsync<Pod>("a second pod", IsOneRunning)).Single(Jobs.IsActive);
        await cluster.EndAsync(second, 1);
        var job = (await cluster.WaitForAsync<Job>("the end", list => Jobs.Is(list[0], "Failed")))[0];
        Assert.Equal((2, "BackoffLimitExceeded"), (job.Status.Failed, job.Status.Conditions.Single(condition => condition.Type == "Failed").Reason));
        Assert.Null(job.Status.CompletionTime);
    }

    [Fact]
    public async Task Deadline_Passes_EndsPodsFirstAndThenTheJob()
    {
        await using var cluster = await StartAsync();
        await cluster.Client.CreateAsync(Jobs.Make(change: spec => spec with { ActiveDeadlineSeconds = 20 }), default);
        await cluster.WaitForAsync<Pod>("a pod", IsOneRunning);
        var job = (await cluster.WaitForAsync<Job>("the end", list => Jobs.Is(list[0], "Failed")))[0];
        Assert.Equal("DeadlineExceeded", job.Status.Conditions.Single(condition => condition.Type == "FailureTarget").Reason);
        Assert.Equal(0, job.Status.Active);
        await cluster.WaitForAsync<Pod>("no pod", list => list.Count == 0);
    }

    [Fact]
    public async Task Suspend_ThenResume_EndsAndMakesPods()
    {
        await using var cluster = await StartAsync();
        await cluster.Client.CreateAsync(Jobs.Make(change: spec => spec with { Suspend = true }), default);
        await cluster.WaitForAsync<Job>("suspension", list => Jobs.Is(list[0], "Suspended") && list[0].Status.StartTime is null);
        Assert.Empty((await cluster.Client.ListAsync<Pod>("default", ListQuery.All, default)).Items);
        await cluster.UpdateAsync<Job>("default", "work", job => job with { Spec = job.Spec with { Suspend = false } });
        await cluster.WaitForAsync<Pod>("a pod", IsOneRunning);
        await cluster.WaitForAsync<Job>("resumption", list => !Jobs.Is(list[0], "Suspended") && list[0].Status.StartTime is not null);
        await cluster.UpdateAsync<Job>("default", "work", job => job with { Spec = job.Spec with { Suspend = true } });
        await cluster.WaitForAsync<Pod>("no pod", list => list.Count == 0);
        await cluster.WaitForAsync<Event>("its events", events => events.Any(e => e.Reason == "Suspended") && events.Any(e => e.Reason == "Resumed"));
    }

    [Fact]
    public async Task Indexed_EveryIndex_SucceedsOnceUnderItsName()
    {
        await using var cluster = await StartAsync();
        await cluster.Client.CreateAsync(Jobs.Indexed(4), default);
        var pods = await cluster.WaitForAsync<Pod>("4 pods", list => list.Count == 4 && list.All(pod => pod.Status.Phase == "Running"));
        Assert.Equal([0, 1, 2, 3], pods.Select(pod => Jobs.IndexOf(pod)!.Value).Order());
        Assert.All(pods, pod =>
        {
            Assert.Equal($"work-{Jobs.IndexOf(pod)}", pod.Spec.Hostname);
            Assert.StartsWith($"work-{Jobs.IndexOf(pod)}-", pod.Metadata.Name, StringComparison.Ordinal);
            Assert.Contains(pod.Spec.Containers[0].Env, variable => variable.Name == "JOB_COMPLETION_INDEX");
        });
        foreach (var pod in pods.Where(pod => Jobs.IndexOf(pod) != 2))
        {
            await cluster.EndAsync(pod, 0);
        }

        await cluster.WaitForAsync<Job>("3 indexes", list => list[0].Status is { CompletedIndexes: "0,1,3", Succeeded: 3 });
        await cluster.EndAsync(pods.Single(pod => Jobs.IndexOf(pod) == 2), 0);
        await cluster.WaitForAsync<Job>("the end", list => Jobs.Is(list[0], "Complete") && list[0].Status is { CompletedIndexes: "0-3", Succeeded: 4 });
    }

    [Fact]
    public async Task BackoffLimitPerIndex_OddIndexesFail_OthersRunAndTheJobFails()
    {
        await using var cluster = await StartAsync();
        await cluster.Client.CreateAsync(Jobs.Indexed(4, spec => spec with { BackoffLimitPerIndex = 1 }), default);
        for (var round = 0; round < 2; round++)
        {
            var pods = await cluster.WaitForAsync<Pod>("their pods", list => list.Count(pod => pod.Status.Phase == "Running") == (round == 0 ? 4 : 2));
            foreach (var pod in pods.Where(pod => pod.Status.Phase == "Running"))
            {
                await cluster.EndAsync(pod, Jobs.IndexOf(pod)!.Value % 2);
            }
        }

        var job = (await cluster.WaitForAsync<Job>("the end", list => Jobs.Is(list[0], "Failed")))[0];
        Assert.Equal(("0,2", "1,3", 4, 2), (job.Status.CompletedIndexes, job.Status.FailedIndexes, job.Status.Failed, job.Status.Succeeded));
        Assert.Equal("FailedIndexes", job.Status.Conditions.Single(condition => condition.Type == "Failed").Reason);
    }

    [Fact]
    public async Task MaxFailedIndexes_Exceeded_StartsNoFurtherPod()
    {
        await using var cluster = await StartAsync();
        await cluster.Client.CreateAsync(Jobs.Indexed(4, spec => spec with { Parallelism = 1, BackoffLimitPerIndex = 0, MaxFailedIndexes = 0 }), default);
        await cluster.EndAsync((await cluster.WaitForAsync<Pod>("a pod", IsOneRunning))[0], 1);
        var job = (await cluster.WaitForAsync<Job>("the end", list => Jobs.Is(list[0], "Failed")))[0];
        Assert.Equal(("0", 1, "MaxFailedIndexesExceeded"),
            (job.Status.FailedIndexes, job.Status.Failed, job.Status.Conditions.Single(condition => condition.Type == "Failed").Reason));
        Assert.Single((await cluster.Client.ListAsync<Pod>("default", ListQuery.All, default)).Items);
    }

    [Theory]
    [InlineData("0", null)]
    [InlineData(null, 1)]
    public async Task SuccessPolicy_RuleIsMet_EndsEarlyWithoutFailures(string? indexes, int? count)
    {
        await using var cluster = await StartAsync();
        await cluster.Client.CreateAsync(Jobs.Indexed(3, spec => spec with
        {
            SuccessPolicy = new SuccessPolicy { Rules = [new SuccessPolicyRule { SucceededIndexes = indexes, SucceededCount = count }] },
        }), default);
        var pods = await cluster.WaitForAsync<Pod>("3 pods", list => list.Count == 3 && list.All(pod => pod.Status.Phase == "Running"));
        await cluster.EndAsync(pods.Single(pod => Jobs.IndexOf(pod) == 0), 0);
        var job = (await cluster.WaitForAsync<Job>("the end", list => Jobs.Is(list[0], "Complete")))[0];
        Assert.Equal(("0", 0, 0, 0), (job.Status.CompletedIndexes, job.Status.Active, job.Status.Failed, job.Status.Terminating));
        Assert.All(["SuccessCriteriaMet", "Complete"], type => Assert.Equal("SuccessPolicy", job.Status.Conditions.Single(condition => condition.Type == type).Reason));
    }

    [Fact]
    public async Task PodFailurePolicy_FailJob_EndsAtTheFirstPodWithTheCode()
    {
        await using var cluster = await StartAsync();
        await cluster.Client.CreateAsync(WithRule(new PodFailurePolicyRule
        {
            Action = "FailJob", OnExitCodes = new PodFailurePolicyOnExitCodesRequirement { Operator = "In", Values = [42] },
        }), default);
        var pod = (await cluster.WaitForAsync<Pod>("a pod", IsOneRunning))[0];
        await cluster.EndAsync(pod, 42);
        var job = (await cluster.WaitForAsync<Job>("the end", list => Jobs.Is(list[0], "Failed")))[0];
        var failed = job.Status.Conditions.Single(condition => condition.Type == "Failed");
        Assert.Equal("PodFailurePolicy", failed.Reason);
        Assert.Equal($"Container main for pod default/{pod.Metadata.Name} failed with exit code 42 matching FailJob rule at index 0", failed.Message);
    }

    [Fact]
    public async Task PodFailurePolicy_IgnoredDisruption_IsNotCounted()
    {
        await using var cluster = await StartAsync();
        await cluster.Client.CreateAsync(WithRule(new PodFailurePolicyRule
        {
            Action = "Ignore", OnPodConditions = [new PodFailurePolicyOnPodConditionsPattern { Type = "DisruptionTarget", Status = "True" }],
        }), default);
        var first = (await cluster.WaitForAsync<Pod>("a pod", IsOneRunning))[0];
        await cluster.UpdateStatusAsync<Pod>("default", first.Metadata.Name, pod => pod with
        {
            Status = pod.Status with { Conditions = [.. pod.Status.Conditions, new PodCondition { Type = "DisruptionTarget", Status = "True" }] },
        });
        await cluster.Client.DeleteAsync<Pod>("default", first.Metadata.Name, DeleteOptions.Empty, default);
        var second = (await cluster.WaitForAsync<Pod>("another pod", list => list is [{ Status.Phase: "Running" }] && list[0].Metadata.Uid != first.Metadata.Uid))[0];
        await cluster.EndAsync(second, 0);
        await cluster.WaitForAsync<Job>("the end", list => Jobs.Is(list[0], "Complete") && list[0].Status is { Failed: 0, Succeeded: 1 });
    }

    [Fact]
    public async Task Delete_Background_LetsItsPodsGo()
    {
        await using var cluster = await StartAsync();
        await cluster.Client.CreateAsync(Jobs.Make(), default);
        await cluster.WaitForAsync<Pod>("a pod", IsOneRunning);
        await cluster.Client.DeleteAsync<Job>("default", "work", DeleteOptions.Empty with { PropagationPolicy = "Background" }, default);
        await cluster.WaitForAsync<Pod>("no pod", list => list.Count == 0);
    }

    [Fact]
    public async Task Delete_Orphan_LeavesPodsWithoutFinalizer()
    {
        await using var cluster = await StartAsync();
        await cluster.Client.CreateAsync(Jobs.Make(), default);
        await cluster.WaitForAsync<Pod>("a pod", IsOneRunning);
        await cluster.Client.DeleteAsync<Job>("default", "work", DeleteOptions.Empty with { PropagationPolicy = "Orphan" }, default);
        await cluster.WaitForAsync<Pod>("a free pod", list => list is [{ Metadata: { Finalizers.Count: 0, OwnerReferences.Count: 0 }, Status.Phase: "Running" }]);
    }

    [Fact]
    public async Task Ttl_AfterTheEnd_DeletesJobAndPods()
    {
        await using var cluster = await StartAsync();
        await cluster.Client.CreateAsync(Jobs.Make(change: spec => spec with { TtlSecondsAfterFinished = 25 }), default);
        await cluster.EndAsync((await cluster.WaitForAsync<Pod>("a pod", IsOneRunning))[0], 0);
        await cluster.WaitForAsync<Job>("the end", list => Jobs.Is(list[0], "Complete"));
        cluster.AdvanceTo((cluster.Time.GetUtcNow() - cluster.Start).TotalSeconds + 20);
        Assert.Single((await cluster.Client.ListAsync<Job>("default", ListQuery.All, default)).Items);
        await cluster.WaitForAsync<Job>("no Job", list => list.Count == 0);
        await cluster.WaitForAsync<Pod>("no pod", list => list.Count == 0);
    }

    [Fact]
    public async Task ManagedBy_Another_IsLeftAlone()
    {
        await using var cluster = await StartAsync();
        await cluster.Client.CreateAsync(Jobs.Make(change: spec => spec with { ManagedBy = "example.com/queue" }), default);
        cluster.AdvanceTo(5);
        Assert.Empty((await cluster.Client.ListAsync<Pod>("default", ListQuery.All, default)).Items);
        Assert.Null((await cluster.Client.GetAsync<Job>("default", "work", default)).Status.StartTime);
    }

    [Fact]
    public async Task Labels_PodNoLongerMatches_IsLetGoAndTakenBack()
    {
        await using var cluster = await StartAsync();
        await cluster.Client.CreateAsync(Jobs.Make(), default);
        var pod = (await cluster.WaitForAsync<Pod>("a pod", IsOneRunning))[0];
        var labels = pod.Metadata.Labels;
        await cluster.UpdateAsync<Pod>("default", pod.Metadata.Name, current => current with { Metadata = current.Metadata with { Labels = new Dictionary<string, string>() } });
        await cluster.WaitForAsync<Pod>("a free pod and another", list =>
            list.Count == 2 && list.Single(other => other.Metadata.Name == pod.Metadata.Name).Metadata is { OwnerReferences.Count: 0, Finalizers.Count: 0 });
        await cluster.UpdateAsync<Pod>("default", pod.Metadata.Name, current => current with { Metadata = current.Metadata with { Labels = labels } });
        await cluster.WaitForAsync<Pod>("one pod again", list => list.Count(Jobs.IsActive) == 1 && list.Where(Jobs.IsActive).All(other => other.Metadata.Finalizers.Contains(Tracking)));
    }

    private static async Task<ControlPlane> StartAsync()
    {
        var cluster = await ControlPlane.StartAsync();
        await cluster.AddNodeAsync("node-1");
        return cluster;
    }

    private static bool IsOneRunning(IReadOnlyList<Pod> pods) => pods.Count(pod => pod.Status.Phase == "Running" && Jobs.IsActive(pod)) == 1;

    private static Job WithRule(PodFailurePolicyRule rule) =>
        Jobs.Make(change: spec => spec with { PodFailurePolicy = new PodFailurePolicy { Rules = [rule] } });
}
