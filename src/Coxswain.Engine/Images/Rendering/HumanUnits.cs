using System.Globalization;

namespace Coxswain.Engine.Images.Rendering;

/// <summary>Sizes and ages in Docker's words.</summary>
public static class HumanUnits
{
    private static readonly string[] Units = ["B", "kB", "MB", "GB", "TB", "PB"];

    /// <summary>Three digits in decimal units: <c>117MB</c>, <c>1.24GB</c>, <c>7.05MB</c>, <c>0B</c>.</summary>
    public static string Size(long bytes)
    {
        double value = bytes;
        var unit = 0;
        while (value >= 1000 && unit < Units.Length - 1)
        {
            value /= 1000;
            unit++;
        }

        var decimals = value >= 100 ? 0 : value >= 10 ? 1 : 2;
        var text = value.ToString("F" + decimals, CultureInfo.InvariantCulture);
        text = text.Contains('.', StringComparison.Ordinal) ? text.TrimEnd('0').TrimEnd('.') : text;
        return text + Units[unit];
    }

    /// <summary>As <c>docker images</c> shows ages: <c>About a minute</c>, <c>3 hours</c>, <c>2 weeks</c>.</summary>
    public static string Duration(TimeSpan duration)
    {
        var seconds = (long)duration.TotalSeconds;
        var minutes = seconds / 60;
        var hours = (long)Math.Round(duration.TotalHours);
        return seconds switch
        {
            < 1 => "Less than a second",
            1 => "1 second",
            < 60 => $"{seconds} seconds",
            _ when minutes == 1 => "About a minute",
            _ when minutes < 60 => $"{minutes} minutes",
            _ when hours == 1 => "About an hour",
            _ when hours < 48 => $"{hours} hours",
            _ when hours < 24 * 7 * 2 => $"{hours / 24} days",
            _ when hours < 24 * 30 * 2 => $"{hours / 24 / 7} weeks",
            _ when hours < 24 * 365 * 2 => $"{hours / 24 / 30} months",
            _ => $"{hours / 24 / 365} years",
        };
    }

    /// <summary>How long ago, or <c>N/A</c> when nobody knows.</summary>
    public static string Ago(DateTimeOffset? time, DateTimeOffset now) =>
        time is { } when && when.Year > 1 ? Duration(now - when) + " ago" : "N/A";
}
