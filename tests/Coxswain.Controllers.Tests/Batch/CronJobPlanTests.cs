using Coxswain.Api.Batch.V1;
using Coxswain.Api.Meta.V1;
using Coxswain.Api.Schedules;
using Coxswain.Controllers.Batch;

namespace Coxswain.Controllers.Tests.Batch;

public sealed class CronJobPlanTests
{
    private static readonly DateTimeOffset Made = new(2026, 3, 1, 10, 0, 30, TimeSpan.Zero);

    [Fact]
    public void Compute_BeforeTheFirstTime_WaitsForIt()
    {
        var plan = Compute(CronJob("0 12 * * *"), Made.AddMinutes(1));
        Assert.Equal((null, Made.Date.AddHours(12)), (plan.Run, plan.Next!.Value.UtcDateTime));
    }

    [Fact]
    public void Compute_SeveralTimesMissed_RunsTheLatest()
    {
        var plan = Compute(CronJob("*/10 * * * *"), Made.AddHours(1).AddMinutes(5));
        Assert.Equal(new DateTime(2026, 3, 1, 11, 0, 0), plan.Run!.Value.UtcDateTime);
        Assert.False(plan.TooManyMissed);
    }

    [Fact]
    public void Compute_ThousandsMissed_RunsTheLatestAndSaysSo()
    {
        var plan = Compute(CronJob("* * * * *"), Made.AddDays(40).AddSeconds(3));
        Assert.True(plan.TooManyMissed);
        Assert.Equal(new DateTime(2026, 4, 10, 10, 0, 0), plan.Run!.Value.UtcDateTime);
    }

    [Theory]
    [InlineData(-20, true)]
    [InlineData(0, false)]
    public void Compute_WithDeadline_RunsWithinItAlone(int seconds, bool runs) =>
        Assert.Equal(runs, Compute(CronJob("0 * * * *", deadline: 20), Made.AddHours(1).AddSeconds(seconds)).Run is not null);

    [Fact]
    public void Compute_SameTimeTwice_RunsOnce()
    {
        var job = CronJob("*/10 * * * *");
        job = job with { Status = job.Status with { LastScheduleTime = new DateTimeOffset(2026, 3, 1, 10, 10, 0, TimeSpan.Zero) } };
        Assert.Null(Compute(job, Made.AddMinutes(12)).Run);
    }

    private static CronJobPlan Compute(CronJob job, DateTimeOffset now)
    {
        Assert.True(CronSchedule.TryParse(job.Spec.Schedule, out var schedule, out _));
        return CronJobPlan.Compute(job, 0, schedule, TimeZoneInfo.Utc, now);
    }

    private static CronJob CronJob(string schedule, long? deadline = null) => new()
    {
        Metadata = ObjectMeta.Empty with { Name = "tick", CreationTimestamp = Made },
        Spec = new CronJobSpec { Schedule = schedule, StartingDeadlineSeconds = deadline },
    };
}
