using Coxswain.Api.Batch.V1;
using Coxswain.Api.Core.V1;
using Coxswain.Api.Meta.V1;
using Coxswain.Client;

namespace Coxswain.Controllers.Tests.Batch;

public sealed class CronJobControllerTests
{
    [Fact]
    public async Task Schedule_EveryMinute_MakesJobsNamedAfterTheirTime()
    {
        await using var cluster = await StartAsync(Tick());
        cluster.AdvanceTo(130);
        var jobs = (await cluster.Client.ListAsync<Job>("default", ListQuery.All, default)).Items;
        Assert.Equal(2, jobs.Count);
        Assert.All(jobs, job =>
        {
            var time = DateTimeOffset.Parse(job.Metadata.Annotations["batch.kubernetes.io/cronjob-scheduled-timestamp"], null);
            Assert.Equal($"tick-{time.ToUnixTimeSeconds() / 60}", job.Metadata.Name);
            Assert.Equal("CronJob", Assert.Single(job.Metadata.OwnerReferences).Kind);
        });
        var cronJob = await cluster.Client.GetAsync<CronJob>("default", "tick", default);
        Assert.Equal(2, cronJob.Status.Active.Count);
        Assert.Equal(jobs.Max(job => job.Metadata.Name), $"tick-{cronJob.Status.LastScheduleTime!.Value.ToUnixTimeSeconds() / 60}");
    }

    [Fact]
    public async Task Suspend_Schedule_MakesNothingUntilItIsLifted()
    {
        await using var cluster = await StartAsync(Tick(spec => spec with { Suspend = true }));
        cluster.AdvanceTo(130);
        Assert.Empty((await cluster.Client.ListAsync<Job>("default", ListQuery.All, default)).Items);
        await cluster.UpdateAsync<CronJob>("default", "tick", job => job with { Spec = job.Spec with { Suspend = false } });

        // The latest time that was missed, and no earlier one.
        await cluster.WaitForAsync<Job>("one Job", list => list.Count == 1);
    }

    [Theory]
    [InlineData("Forbid", "JobAlreadyActive")]
    [InlineData("Replace", "SuccessfulDelete")]
    public async Task Concurrency_LastJobIsActive_KeepsOne(string policy, string reason)
    {
        await using var cluster = await StartAsync(Tick(spec => spec with { ConcurrencyPolicy = policy }));
        cluster.AdvanceTo(70);
        var first = Assert.Single((await cluster.Client.ListAsync<Job>("default", ListQuery.All, default)).Items);
        cluster.AdvanceTo(130);
        var second = Assert.Single((await cluster.Client.ListAsync<Job>("default", ListQuery.All, default)).Items);
        Assert.Equal(policy == "Forbid", first.Metadata.Uid == second.Metadata.Uid);
        await cluster.WaitForAsync<Event>("its event", events => events.Any(recorded => recorded.Reason == reason));
        Assert.Equal(second.Metadata.Uid, Assert.Single((await cluster.Client.GetAsync<CronJob>("default", "tick", default)).Status.Active).Uid);
    }

    [Fact]
    public async Task History_JobsComplete_KeepsTheLatest()
    {
        await using var cluster = await StartAsync(Tick(spec => spec with { SuccessfulJobsHistoryLimit = 1 }));
        for (var minute = 1; minute <= 3; minute++)
        {
            cluster.AdvanceTo(minute * 60);
            var running = await cluster.WaitForAsync<Pod>("a pod", list => list.Count(pod => pod.Status.Phase == "Running") == 1);
            await cluster.EndAsync(running.Single(pod => pod.Status.Phase == "Running"), 0);
        }

        var jobs = await cluster.WaitForAsync<Job>("one Job", list => list.Count == 1 && Jobs.Is(list[0], "Complete"));
        var cronJob = (await cluster.WaitForAsync<CronJob>("no active Job", list => list[0].Status.Active.Count == 0))[0];
        Assert.Equal(jobs[0].Metadata.Name, $"tick-{cronJob.Status.LastScheduleTime!.Value.ToUnixTimeSeconds() / 60}");
        Assert.NotNull(cronJob.Status.LastSuccessfulTime);
        await cluster.WaitForAsync<Event>("its event", events => events.Any(recorded => recorded.Reason == "SawCompletedJob"));
    }

    private static CronJob Tick(Func<CronJobSpec, CronJobSpec>? change = null)
    {
        var spec = new CronJobSpec { Schedule = "* * * * *", JobTemplate = new JobTemplateSpec { Spec = Jobs.Make().Spec } };
        return new CronJob { Metadata = ObjectMeta.Empty with { Name = "tick", Namespace = "default" }, Spec = change?.Invoke(spec) ?? spec };
    }

    private static async Task<ControlPlane> StartAsync(CronJob cronJob)
    {
        var cluster = await ControlPlane.StartAsync(new ControllerOptions { NodeMonitorGracePeriod = TimeSpan.FromHours(1) });
        await cluster.AddNodeAsync("node-1");
        await cluster.Client.CreateAsync(cronJob, default);
        return cluster;
    }
}
