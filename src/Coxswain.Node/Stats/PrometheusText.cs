using System.Globalization;
using System.Text;

namespace Coxswain.Node.Stats;

/// <summary>A metric as Prometheus knows it.</summary>
internal sealed record Metric(string Name, string Type, string Help)
{
    public static Metric Counter(string name, string help) => new(name, "counter", help);

    public static Metric Gauge(string name, string help) => new(name, "gauge", help);
}

/// <summary>Collects samples and writes them in Prometheus' text format, those of one metric together.</summary>
internal sealed class PrometheusText
{
    private readonly List<Metric> _metrics = [];
    private readonly Dictionary<string, StringBuilder> _samples = new(StringComparer.Ordinal);

    /// <param name="at">When it was measured; null for now.</param>
    public void Add(Metric metric, double value, DateTimeOffset? at, params ReadOnlySpan<(string Name, string Value)> labels)
    {
        if (!_samples.TryGetValue(metric.Name, out var samples))
        {
            _metrics.Add(metric);
            _samples[metric.Name] = samples = new StringBuilder();
        }

        samples.Append(metric.Name);
        for (var i = 0; i < labels.Length; i++)
        {
            samples.Append(i == 0 ? '{' : ',').Append(labels[i].Name).Append("=\"");
            Escape(samples, labels[i].Value);
            samples.Append(i == labels.Length - 1 ? "\"}" : "\"");
        }

        samples.Append(' ').Append(value.ToString("R", CultureInfo.InvariantCulture));
        if (at is { } time)
        {
            samples.Append(' ').Append(time.ToUnixTimeMilliseconds());
        }

        samples.Append('\n');
    }

    public override string ToString()
    {
        var text = new StringBuilder();
        foreach (var metric in _metrics)
        {
            text.Append("# HELP ").Append(metric.Name).Append(' ').Append(metric.Help).Append('\n')
                .Append("# TYPE ").Append(metric.Name).Append(' ').Append(metric.Type).Append('\n')
                .Append(_samples[metric.Name]);
        }

        return text.ToString();
    }

    private static void Escape(StringBuilder text, string value)
    {
        foreach (var character in value)
        {
            _ = character switch
            {
                '\\' => text.Append(@"\\"),
                '"' => text.Append("\\\""),
                '\n' => text.Append("\\n"),
                _ => text.Append(character),
            };
        }
    }
}
