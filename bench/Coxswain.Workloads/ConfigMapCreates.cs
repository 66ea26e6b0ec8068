using System.Diagnostics;

namespace Coxswain.Workloads;

/// <summary>Durable creates of 1 KiB ConfigMaps by a number of clients, each waiting for its answer.</summary>
internal static class ConfigMapCreates
{
    public static async Task RunAsync(Target target, int clients, int seconds)
    {
        var @namespace = await ConfigMaps.CreateNamespaceAsync(target);
        var clock = Stopwatch.StartNew();
        var counts = await Task.WhenAll(Enumerable.Range(0, clients).Select(async client =>
        {
            await using var connection = await target.OpenAsync();
            var count = 0;
            while (clock.Elapsed.TotalSeconds < seconds)
            {
                var request = connection.Prepare("POST", ConfigMaps.Path(@namespace), ConfigMaps.Body($"c{client}-{count}"));
                var (status, _) = await connection.SendAsync(request);
                count += status == 201 ? 1 : throw new InvalidOperationException($"a create was answered with {status}");
            }

            return count;
        }));
        Console.WriteLine($"creates: {counts.Sum() / clock.Elapsed.TotalSeconds:F0}/s ({clients} clients, 1 KiB, {counts.Sum()} in {clock.Elapsed.TotalSeconds:F1} s)");
        await ConfigMaps.DeleteNamespaceAsync(target, @namespace);
    }
}
