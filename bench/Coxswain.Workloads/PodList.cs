using System.Diagnostics;

namespace Coxswain.Workloads;

/// <summary>LIST of all Pods (fill the cluster first), from request to last byte.</summary>
internal static class PodList
{
    public static async Task RunAsync(Target target, int rounds)
    {
        await using var connection = await target.OpenAsync();
        var request = connection.Prepare("GET", "/api/v1/pods");
        var times = new List<double>();
        long length = 0;
        for (var round = 0; round < rounds + 2; round++)
        {
            var clock = Stopwatch.StartNew();
            (_, length) = await connection.SendAsync(request);
            times.Add(clock.Elapsed.TotalMilliseconds);
        }

        Console.WriteLine($"list: {Statistics.Describe(times.Skip(2))} ms, {length / 1e6:F1} MB");
    }
}
