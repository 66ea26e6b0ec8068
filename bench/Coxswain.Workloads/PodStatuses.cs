using System.Diagnostics;
using System.Text;

namespace Coxswain.Workloads;

/// <summary>
/// What node agents do all day: strategic merge patches of the status of Pods of about 3 KB, each client on Pods of its own.
/// </summary>
internal static class PodStatuses
{
    private const int PodsPerClient = 20;

    public static async Task RunAsync(Target target, int clients, int seconds)
    {
        var @namespace = await ConfigMaps.CreateNamespaceAsync(target);
        var path = $"/api/v1/namespaces/{@namespace}/pods";
        await using (var connection = await target.OpenAsync())
        {
            for (var i = 0; i < clients * PodsPerClient; i++)
            {
                var (status, _) = await connection.SendAsync(connection.Prepare("POST", path, Fill.Pod(i)));
                _ = status == 201 ? 0 : throw new InvalidOperationException($"a pod was answered with {status}");
            }
        }

        var clock = Stopwatch.StartNew();
        var counts = await Task.WhenAll(Enumerable.Range(0, clients).Select(async client =>
        {
            await using var connection = await target.OpenAsync();
            var count = 0;
            while (clock.Elapsed.TotalSeconds < seconds)
            {
                var pod = (client * PodsPerClient) + (count % PodsPerClient);
                var request = connection.Prepare(
                    "PATCH", $"{path}/pod-{pod}/status", Patch(count), contentType: "application/strategic-merge-patch+json");
                var (status, _) = await connection.SendAsync(request);
                count += status == 200 ? 1 : throw new InvalidOperationException($"a status patch was answered with {status}");
            }

            return count;
        }));
        Console.WriteLine($"status patches: {counts.Sum() / clock.Elapsed.TotalSeconds:F0}/s ({clients} clients)");
        await ConfigMaps.DeleteNamespaceAsync(target, @namespace);
    }

    private static byte[] Patch(int count) => Encoding.UTF8.GetBytes($$$$"""
        {"status":{"phase":"Running","message":"{{{{count}}}}","conditions":[{"type":"Ready","status":"{{{{(count % 2 == 0 ? "True" : "False")}}}}",
        "lastTransitionTime":"2026-01-01T00:00:00Z"},{"type":"ContainersReady","status":"True","lastTransitionTime":"2026-01-01T00:00:00Z"}],
        "containerStatuses":[{"name":"main","image":"bench:v1","imageID":"","ready":true,"restartCount":{{{{count % 5}}}},"state":{"running":{"startedAt":"2026-01-01T00:00:00Z"}}}]}}
        """);
}
