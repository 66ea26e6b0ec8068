using Coxswain.Api.Schedules;

namespace Coxswain.Api.Tests.Schedules;

public sealed class CronScheduleTests
{
    [Theory]
    [InlineData("* * * * *", "2026-01-01T00:00:00Z", "2026-01-01T00:01:00Z")]
    [InlineData("*/15 * * * *", "2026-01-01T00:15:00Z", "2026-01-01T00:30:00Z")]
    [InlineData("30 4 1,15 * *", "2026-01-02T00:00:00Z", "2026-01-15T04:30:00Z")]
    [InlineData("0 22 * * 1-5", "2026-01-02T22:00:00Z", "2026-01-05T22:00:00Z")]
    [InlineData("0 0 13 * 5", "2026-01-01T00:00:00Z", "2026-01-02T00:00:00Z")]
    [InlineData("5 4 * * sun", "2026-01-01T00:00:00Z", "2026-01-04T04:05:00Z")]
    [InlineData("0 0 29 feb *", "2026-01-01T00:00:00Z", "2028-02-29T00:00:00Z")]
    [InlineData("10-30/10 1 * * *", "2026-01-01T01:10:00Z", "2026-01-01T01:20:00Z")]
    [InlineData("@hourly", "2026-01-01T01:10:00Z", "2026-01-01T02:00:00Z")]
    [InlineData("@weekly", "2026-01-01T01:10:00Z", "2026-01-04T00:00:00Z")]
    [InlineData("@every 90m", "2026-01-01T01:10:00Z", "2026-01-01T02:40:00Z")]
    public void Next_InUtc_IsTheFirstThatMatches(string text, string after, string expected) =>
        Assert.Equal(DateTimeOffset.Parse(expected, null), Parse(text).Next(DateTimeOffset.Parse(after, null), TimeZoneInfo.Utc));

    [Fact]
    public void Next_NeverComes_IsNone() => Assert.Null(Parse("0 0 30 2 *").Next(DateTimeOffset.UnixEpoch, TimeZoneInfo.Utc));

    [Theory]
    [InlineData("30 2 * * *", "2026-03-28T12:00:00Z", "2026-03-30T00:30:00Z")]
    [InlineData("30 2 * * *", "2026-10-24T12:00:00Z", "2026-10-25T00:30:00Z")]
    [InlineData("0 9 * * *", "2026-03-29T00:00:00Z", "2026-03-29T07:00:00Z")]
    public void Next_WhereClocksChange_FollowsTheWall(string text, string after, string expected) =>
        Assert.Equal(DateTimeOffset.Parse(expected, null), Parse(text).Next(DateTimeOffset.Parse(after, null), CentralEurope()));

    [Theory]
    [InlineData("* * * *", "expected exactly 5 fields, found 4: [* * * *]")]
    [InlineData("60 * * * *", "end of range (60) above maximum (59): 60")]
    [InlineData("* * 0 * *", "beginning of range (0) below minimum (1): 0")]
    [InlineData("5-1 * * * *", "beginning of range (5) beyond end of range (1): 5-1")]
    [InlineData("*/0 * * * *", "step of range should be a positive number: */0")]
    [InlineData("a * * * *", "failed to parse int from a")]
    [InlineData("@often", "unrecognized descriptor: @often")]
    public void TryParse_Wrong_SaysWhy(string text, string expected)
    {
        Assert.False(CronSchedule.TryParse(text, out _, out var error));
        Assert.Equal(expected, error);
    }

    private static CronSchedule Parse(string text)
    {
        Assert.True(CronSchedule.TryParse(text, out var schedule, out var error), error);
        return schedule;
    }

    /// <summary>As Europe/Berlin, without needing the machine's time zones.</summary>
    private static TimeZoneInfo CentralEurope()
    {
        var at = TimeZoneInfo.TransitionTime.CreateFloatingDateRule(new DateTime(1, 1, 1, 2, 0, 0), 3, 5, DayOfWeek.Sunday);
        var back = TimeZoneInfo.TransitionTime.CreateFloatingDateRule(new DateTime(1, 1, 1, 3, 0, 0), 10, 5, DayOfWeek.Sunday);
        var rule = TimeZoneInfo.AdjustmentRule.CreateAdjustmentRule(DateTime.MinValue.Date, DateTime.MaxValue.Date, TimeSpan.FromHours(1), at, back);
        return TimeZoneInfo.CreateCustomTimeZone("test", TimeSpan.FromHours(1), "test", "test", "test", [rule]);
    }
}
