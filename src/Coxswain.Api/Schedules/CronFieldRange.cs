namespace Coxswain.Api.Schedules;

/// <summary>What a field of a schedule may hold.</summary>
/// <param name="Words">Names of values, the first of them for <paramref name="Least"/>.</param>
internal sealed record CronFieldRange(int Least, int Most, IReadOnlyList<string> Words)
{
    public static readonly IReadOnlyList<CronFieldRange> All =
    [
        new(0, 59, []),
        new(0, 23, []),
        new(1, 31, []),
        new(1, 12, ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"]),
        new(0, 6, ["sun", "mon", "tue", "wed", "thu", "fri", "sat"]),
    ];
}
