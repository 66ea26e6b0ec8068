namespace Coxswain.Workloads;

internal static class Statistics
{
    public static string Describe(IEnumerable<double> values)
    {
        var sorted = values.Order().ToList();
        return $"p50 {Percentile(sorted, 0.5):F1}, p90 {Percentile(sorted, 0.9):F1}, p99 {Percentile(sorted, 0.99):F1}, max {sorted[^1]:F1}";
    }

    private static double Percentile(List<double> sorted, double share) => sorted[(int)Math.Min(sorted.Count - 1, Math.Ceiling(share * sorted.Count) - 1)];
}
