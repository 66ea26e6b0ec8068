using System.Globalization;
using System.Text.RegularExpressions;

namespace Coxswain.Engine.Builder.Dockerfiles;

/// <summary>Durations as Go writes them: <c>1m30s</c>, <c>500ms</c>, <c>1.5h</c>.</summary>
internal static partial class GoDuration
{
    public static bool TryParse(string text, out TimeSpan duration)
    {
        duration = TimeSpan.Zero;
        if (text == "0")
        {
            return true;
        }

        if (!Whole().IsMatch(text))
        {
            return false;
        }

        double seconds = 0;
        foreach (Match part in Part().Matches(text))
        {
            seconds += double.Parse(part.Groups[1].Value, CultureInfo.InvariantCulture) * part.Groups[2].Value switch
            {
                "h" => 3600,
                "m" => 60,
                "s" => 1,
                "ms" => 1e-3,
                "us" => 1e-6,
                _ => 1e-9,
            };
        }

        if (seconds > TimeSpan.FromDays(36500).TotalSeconds)
        {
            return false;
        }

        duration = TimeSpan.FromSeconds(seconds);
        return true;
    }

    [GeneratedRegex(@"^(?:[0-9]+(?:\.[0-9]+)?(?:h|ms|m|s|us|ns))+\z")]
    private static partial Regex Whole();

    [GeneratedRegex(@"([0-9]+(?:\.[0-9]+)?)(h|ms|m|s|us|ns)")]
    private static partial Regex Part();
}
