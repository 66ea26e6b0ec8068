using System.Globalization;

namespace Coxswain.ApiServer.Metrics;

/// <summary>Reads a kubelet's <c>/metrics/resource</c>: Prometheus' text format, of which it takes the few metrics it knows.</summary>
internal static class ResourceText
{
    /// <param name="now">For samples that say no time.</param>
    public static IReadOnlyDictionary<UsageKey, UsageSample> Parse(string node, string text, DateTimeOffset now)
    {
        var samples = new Dictionary<UsageKey, UsageSample>();
        foreach (var range in text.AsSpan().Split('\n'))
        {
            if (TryParse(text.AsSpan()[range].Trim()) is not { } line)
            {
                continue;
            }

            var isContainer = line.Name.StartsWith("container_", StringComparison.Ordinal);
            var key = isContainer
                ? new UsageKey(node, line.Labels.GetValueOrDefault("namespace", ""), line.Labels.GetValueOrDefault("pod", ""), line.Labels.GetValueOrDefault("container", ""))
                : new UsageKey(node);
            if (isContainer && key.Container.Length == 0)
            {
                continue;
            }

            var sample = samples.GetValueOrDefault(key) ?? new UsageSample(now, double.NaN, double.NaN, null);
            samples[key] = line.Name switch
            {
                "container_cpu_usage_seconds_total" or "node_cpu_usage_seconds_total" => sample with { CpuSeconds = line.Value, At = line.At ?? now },
                "container_memory_working_set_bytes" or "node_memory_working_set_bytes" => sample with { MemoryBytes = line.Value },
                "container_start_time_seconds" => sample with { StartedAt = DateTimeOffset.UnixEpoch.AddSeconds(line.Value) },
                _ => sample,
            };
        }

        return samples.Where(entry => !double.IsNaN(entry.Value.CpuSeconds) && !double.IsNaN(entry.Value.MemoryBytes)).ToDictionary();
    }

    private static Line? TryParse(ReadOnlySpan<char> line)
    {
        if (line.IsEmpty || line[0] == '#' || line.IndexOfAny('{', ' ') is not (> 0 and var nameEnd)
            || !IsKnown(line[..nameEnd]))
        {
            return null;
        }

        var labels = new Dictionary<string, string>(StringComparer.Ordinal);
        var rest = line[nameEnd..];
        if (rest[0] == '{' && !TryTakeLabels(ref rest, labels))
        {
            return null;
        }

        rest = rest.Trim();
        var space = rest.IndexOf(' ');
        var value = space < 0 ? rest : rest[..space];
        if (!double.TryParse(value, NumberStyles.Float, CultureInfo.InvariantCulture, out var number) || !double.IsFinite(number) || number is < 0 or > 1e18)
        {
            return null;
        }

        DateTimeOffset? at = space >= 0 && long.TryParse(rest[(space + 1)..], NumberStyles.Integer, CultureInfo.InvariantCulture, out var milliseconds)
            && milliseconds is > 0 and < 253402300800000 // the end of the year 9999
            ? DateTimeOffset.FromUnixTimeMilliseconds(milliseconds) : null;
        return new Line(line[..nameEnd].ToString(), labels, number, at);
    }

    private static bool IsKnown(ReadOnlySpan<char> name) => name is
        "container_cpu_usage_seconds_total" or "container_memory_working_set_bytes" or "container_start_time_seconds"
        or "node_cpu_usage_seconds_total" or "node_memory_working_set_bytes";

    /// <summary>Takes <c>{name="value",...}</c> off the beginning.</summary>
    private static bool TryTakeLabels(ref ReadOnlySpan<char> rest, Dictionary<string, string> labels)
    {
        rest = rest[1..];
        while (!rest.IsEmpty && rest[0] != '}')
        {
            var equals = rest.IndexOf("=\"", StringComparison.Ordinal);
            if (equals < 0)
            {
                return false;
            }

            var name = rest[..equals].Trim(", ").ToString();
            rest = rest[(equals + 2)..];
            var end = 0;
            while (end < rest.Length && rest[end] != '"')
            {
                end += rest[end] == '\\' ? 2 : 1;
            }

            if (end >= rest.Length)
            {
                return false;
            }

            labels[name] = rest[..end].ToString().Replace("\\n", "\n", StringComparison.Ordinal).Replace("\\\"", "\"", StringComparison.Ordinal)
                .Replace(@"\\", @"\", StringComparison.Ordinal);
            rest = rest[(end + 1)..];
        }

        if (rest.IsEmpty)
        {
            return false;
        }

        rest = rest[1..];
        return true;
    }

    private sealed record Line(string Name, Dictionary<string, string> Labels, double Value, DateTimeOffset? At);
}
