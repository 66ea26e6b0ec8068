using Coxswain.Cel.Types;
using Coxswain.Cel.Values;

namespace Coxswain.Cel.Functions;

/// <summary>Parts of moments, in UTC or in a zone, and of durations.</summary>
internal static class TimeFunctions
{
    public static void AddTo(FunctionTable table)
    {
        Add(table, "getFullYear", static time => time.Year);
        Add(table, "getMonth", static time => time.Month - 1);
        Add(table, "getDate", static time => time.Day);
        Add(table, "getDayOfMonth", static time => time.Day - 1);
        Add(table, "getDayOfYear", static time => time.DayOfYear - 1);
        Add(table, "getDayOfWeek", static time => (int)time.DayOfWeek);
        Add(table, "getHours", static time => time.Hour);
        Add(table, "getMinutes", static time => time.Minute);
        Add(table, "getSeconds", static time => time.Second);
        Add(table, "getMilliseconds", static time => time.Millisecond);
        AddPart(table, "getHours", 3600 * CelDuration.Second);
        AddPart(table, "getMinutes", 60 * CelDuration.Second);
        AddPart(table, "getSeconds", CelDuration.Second);
        table.Method("getMilliseconds", [CelType.Duration], CelType.Int,
            static arguments => (long)(((CelDuration)arguments[0]).Nanoseconds % CelDuration.Second / 1_000_000));
    }

    private static void Add(FunctionTable table, string name, Func<DateTime, int> part)
    {
        table.Method(name, [CelType.Timestamp], CelType.Int, arguments => (long)part(((CelTimestamp)arguments[0]).In("")!.Value)); // UTC is a zone
        table.Method(name, [CelType.Timestamp, CelType.String], CelType.Int, arguments =>
            ((CelTimestamp)arguments[0]).In((string)arguments[1]) is { } time ? (long)part(time) : new CelError($"unknown time zone {arguments[1]}"));
    }

    private static void AddPart(FunctionTable table, string name, Int128 unit) =>
        table.Method(name, [CelType.Duration], CelType.Int, arguments => (long)(((CelDuration)arguments[0]).Nanoseconds / unit));
}
