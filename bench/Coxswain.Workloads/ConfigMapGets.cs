using System.Diagnostics;

namespace Coxswain.Workloads;

/// <summary>GETs of one 1 KiB ConfigMap by a number of clients.</summary>
internal static class ConfigMapGets
{
    public static async Task RunAsync(Target target, int clients, int seconds)
    {
        var @namespace = await ConfigMaps.CreateNamespaceAsync(target);
        await using (var connection = await target.OpenAsync())
        {
            await connection.SendAsync(connection.Prepare("POST", ConfigMaps.Path(@namespace), ConfigMaps.Body("one")));
        }

        var clock = Stopwatch.StartNew();
        var counts = await Task.WhenAll(Enumerable.Range(0, clients).Select(async _ =>
        {
            await using var connection = await target.OpenAsync();
            var request = connection.Prepare("GET", ConfigMaps.Path(@namespace) + "/one");
            var count = 0;
            while (clock.Elapsed.TotalSeconds < seconds)
            {
                var (status, _) = await connection.SendAsync(request);
                count += status == 200 ? 1 : throw new InvalidOperationException($"a get was answered with {status}");
            }

            return count;
        }));
        Console.WriteLine($"gets: {counts.Sum() / clock.Elapsed.TotalSeconds:F0}/s ({clients} clients)");
        await ConfigMaps.DeleteNamespaceAsync(target, @namespace);
    }
}
