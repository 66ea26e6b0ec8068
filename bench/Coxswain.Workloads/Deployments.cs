using System.Diagnostics;
using System.Globalization;
using System.Text;
using System.Text.Json;

namespace Coxswain.Workloads;

/// <summary>A Deployment of 30 until all are Available, a rolling update of 10 until settled, and 60 Pods deleted and gone.</summary>
internal static class Deployments
{
    public static async Task RunAsync(Target target, string image, int rounds)
    {
        var available = new List<double>();
        var rolled = new List<double>();
        var gone = new List<double>();
        for (var round = 0; round < rounds; round++)
        {
            var @namespace = await ConfigMaps.CreateNamespaceAsync(target);
            var path = $"/apis/apps/v1/namespaces/{@namespace}/deployments";
            await using var connection = await target.OpenAsync();
            await using var watch = await DeploymentWatch.OpenAsync(target, path);
            await Task.Delay(500);

            var clock = Stopwatch.StartNew();
            await connection.SendAsync(connection.Prepare("POST", path, Body("thirty", 30, image)));
            await watch.UntilAsync("thirty", status => Number(status, "availableReplicas") == 30);
            available.Add(clock.Elapsed.TotalMilliseconds);

            await connection.SendAsync(connection.Prepare("POST", path, Body("ten", 10, image)));
            await watch.UntilAsync("ten", status => Number(status, "availableReplicas") == 10);
            clock.Restart();
            await connection.SendAsync(connection.Prepare(
                "PATCH", $"{path}/ten", """{"spec":{"template":{"metadata":{"annotations":{"rolled":"yes"}}}}}"""u8, contentType: "application/merge-patch+json"));
            await watch.UntilAsync("ten", status => Number(status, "updatedReplicas") == 10 && Number(status, "availableReplicas") == 10
                && Number(status, "replicas") == 10 && Number(status, "observedGeneration") >= 2);
            rolled.Add(clock.Elapsed.TotalMilliseconds);

            await connection.SendAsync(connection.Prepare("POST", path, Body("twenty", 20, image)));
            await watch.UntilAsync("twenty", status => Number(status, "availableReplicas") == 20);
            await Task.Delay(1500);
            clock.Restart();
            foreach (var name in new[] { "thirty", "ten", "twenty" })
            {
                await connection.SendAsync(connection.Prepare("DELETE", $"{path}/{name}"));
            }

            await PodsGoneAsync(connection, @namespace);
            gone.Add(clock.Elapsed.TotalMilliseconds);
            await ConfigMaps.DeleteNamespaceAsync(target, @namespace);
        }

        Console.WriteLine($"deployment of 30 all Available: {Statistics.Describe(available)} ms");
        Console.WriteLine($"rolling update of 10 settled: {Statistics.Describe(rolled)} ms");
        Console.WriteLine($"60 pods deleted and gone: {Statistics.Describe(gone)} ms");
    }

    private static byte[] Body(string name, int replicas, string image) => Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture, $$$"""
        {"apiVersion":"apps/v1","kind":"Deployment","metadata":{"name":"{{{name}}}"},"spec":{"replicas":{{{replicas}}},
        "selector":{"matchLabels":{"app":"{{{name}}}"} },"template":{"metadata":{"labels":{"app":"{{{name}}}"} },
        "spec":{"containers":[{"name":"main","image":"{{{image}}}","imagePullPolicy":"Never"}]} } } }
        """));

    private static int Number(JsonElement status, string name) => status.TryGetProperty(name, out var value) ? value.GetInt32() : 0;

    private static async Task PodsGoneAsync(Http1Connection connection, string @namespace)
    {
        var request = connection.Prepare("GET", $"/api/v1/namespaces/{@namespace}/pods?limit=1");
        var body = new System.Buffers.ArrayBufferWriter<byte>();
        while (true)
        {
            body.Clear();
            await connection.SendAsync(request, body);
            using var list = JsonDocument.Parse(body.WrittenMemory);
            if (list.RootElement.GetProperty("items").GetArrayLength() == 0)
            {
                return;
            }

            await Task.Delay(10);
        }
    }
}
