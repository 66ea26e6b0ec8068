using System.Buffers;
using System.Diagnostics;
using System.Text;
using System.Text.Json;

namespace Coxswain.Workloads;

/// <summary>One Pod at a time: from create to Ready as a watcher sees it, and from delete to object gone.</summary>
internal static class PodLatency
{
    public static async Task RunAsync(Target target, string image, int rounds)
    {
        var @namespace = await ConfigMaps.CreateNamespaceAsync(target);
        await using var connection = await target.OpenAsync();
        await Task.Delay(500);
        var ready = new List<double>();
        var gone = new List<double>();
        for (var round = 0; round < rounds; round++)
        {
            var name = $"pod-{round}";
            var version = await CurrentVersionAsync(connection, @namespace);
            using var watcher = target.OpenHttp2();
            using var response = await watcher.SendAsync(
                new HttpRequestMessage(HttpMethod.Get, $"/api/v1/namespaces/{@namespace}/pods?watch=1&resourceVersion={version}") { Version = new Version(2, 0) },
                HttpCompletionOption.ResponseHeadersRead);
            using var lines = new StreamReader(await response.Content.ReadAsStreamAsync());

            var body = Encoding.UTF8.GetBytes($$$"""
                {"apiVersion":"v1","kind":"Pod","metadata":{"name":"{{{name}}}"},"spec":{"containers":[{"name":"main","image":"{{{image}}}","imagePullPolicy":"Never"}]}}
                """);
            var clock = Stopwatch.StartNew();
            await connection.SendAsync(connection.Prepare("POST", $"/api/v1/namespaces/{@namespace}/pods", body));
            await WaitAsync(lines, name, IsReady);
            ready.Add(clock.Elapsed.TotalMilliseconds);

            // A shell ignores SIGTERM until it has set its trap.
            await Task.Delay(200);
            clock.Restart();
            await connection.SendAsync(connection.Prepare("DELETE", $"/api/v1/namespaces/{@namespace}/pods/{name}"));
            await WaitAsync(lines, name, (type, _) => type == "DELETED");
            gone.Add(clock.Elapsed.TotalMilliseconds);
        }

        Console.WriteLine($"pod create to Ready: {Statistics.Describe(ready)} ms");
        Console.WriteLine($"pod delete to gone: {Statistics.Describe(gone)} ms");
        await ConfigMaps.DeleteNamespaceAsync(target, @namespace);
    }

    private static async Task<string> CurrentVersionAsync(Http1Connection connection, string @namespace)
    {
        var body = new ArrayBufferWriter<byte>();
        await connection.SendAsync(connection.Prepare("GET", $"/api/v1/namespaces/{@namespace}/pods"), body);
        using var list = JsonDocument.Parse(body.WrittenMemory);
        return list.RootElement.GetProperty("metadata").GetProperty("resourceVersion").GetString()!;
    }

    private static async Task WaitAsync(StreamReader lines, string name, Func<string, JsonElement, bool> condition)
    {
        while (await lines.ReadLineAsync() is { } line)
        {
            using var watchEvent = JsonDocument.Parse(line);
            var pod = watchEvent.RootElement.GetProperty("object");
            if (pod.GetProperty("metadata").GetProperty("name").GetString() == name
                && condition(watchEvent.RootElement.GetProperty("type").GetString()!, pod))
            {
                return;
            }
        }

        throw new InvalidOperationException($"the watch ended before {name} got there");
    }

    private static bool IsReady(string type, JsonElement pod) =>
        pod.GetProperty("status").TryGetProperty("conditions", out var conditions)
        && conditions.EnumerateArray().Any(condition =>
            condition.GetProperty("type").GetString() == "Ready" && condition.GetProperty("status").GetString() == "True");
}
