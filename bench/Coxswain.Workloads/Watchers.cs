using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Text;

namespace Coxswain.Workloads;

/// <summary>100 watchers on 10 HTTP/2 connections over one namespace: how many events reach them, and how soon.</summary>
internal static class Watchers
{
    private const int Connections = 10;
    private const int PerConnection = 10;

    /// <summary>16 clients create as fast as they can; counted is what arrives at all watchers together.</summary>
    public static async Task RunThroughputAsync(Target target, int seconds)
    {
        var @namespace = await ConfigMaps.CreateNamespaceAsync(target);
        long events = 0;
        using var stop = new CancellationTokenSource();
        var watchers = await OpenAsync(target, @namespace, (line, _) => Interlocked.Increment(ref events), stop.Token);
        var clock = Stopwatch.StartNew();
        var created = await Task.WhenAll(Enumerable.Range(0, 16).Select(async client =>
        {
            await using var connection = await target.OpenAsync();
            var count = 0;
            while (clock.Elapsed.TotalSeconds < seconds)
            {
                await connection.SendAsync(connection.Prepare("POST", ConfigMaps.Path(@namespace), ConfigMaps.Body($"c{client}-{count++}")));
            }

            return count;
        }));
        var expected = (long)created.Sum() * Connections * PerConnection;
        while (Interlocked.Read(ref events) < expected && clock.Elapsed.TotalSeconds < seconds * 4)
        {
            await Task.Delay(5);
        }

        Console.WriteLine($"watchers: {events / clock.Elapsed.TotalSeconds:F0} events/s ({created.Sum() / clock.Elapsed.TotalSeconds:F0} creates/s to 100 watchers, {events} of {expected} arrived)");
        await stop.CancelAsync();
        await Task.WhenAll(watchers);
        await ConfigMaps.DeleteNamespaceAsync(target, @namespace);
    }

    /// <summary>25 creates a second; measured is from a create's acknowledgement to its arrival at the last watcher.</summary>
    public static async Task RunLatencyAsync(Target target, int seconds)
    {
        var @namespace = await ConfigMaps.CreateNamespaceAsync(target);
        var arrivals = new ConcurrentDictionary<string, (int Count, long Last)>();
        using var stop = new CancellationTokenSource();
        var watchers = await OpenAsync(target, @namespace, (line, time) =>
        {
            if (Name(line) is { Length: > 0 } name)
            {
                arrivals.AddOrUpdate(name, _ => (1, time), (_, known) => (known.Count + 1, Math.Max(known.Last, time)));
            }
        }, stop.Token);
        var acknowledged = new Dictionary<string, long>();
        await using (var connection = await target.OpenAsync())
        {
            using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(40));
            for (var i = 0; i < seconds * 25 && await timer.WaitForNextTickAsync(); i++)
            {
                var name = string.Create(CultureInfo.InvariantCulture, $"latency-{i}-end");
                await connection.SendAsync(connection.Prepare("POST", ConfigMaps.Path(@namespace), ConfigMaps.Body(name)));
                acknowledged[name] = Stopwatch.GetTimestamp();
            }
        }

        await Task.Delay(500);
        var complete = acknowledged.Where(item => arrivals.TryGetValue(item.Key, out var arrival) && arrival.Count == Connections * PerConnection).ToList();
        var times = complete.Skip(25).Select(item => Math.Max(0, Stopwatch.GetElapsedTime(item.Value, arrivals[item.Key].Last).TotalMilliseconds)).ToList();
        Console.WriteLine($"latency: {Statistics.Describe(times)} ms from acknowledgement to the last of 100 watchers ({complete.Count} of {acknowledged.Count} events complete)");
        await stop.CancelAsync();
        await Task.WhenAll(watchers);
        await ConfigMaps.DeleteNamespaceAsync(target, @namespace);
    }

    private static string Name(ReadOnlySpan<byte> line)
    {
        var start = line.IndexOf("\"latency-"u8);
        return start < 0 ? "" : Encoding.ASCII.GetString(line[(start + 1)..(start + 1 + line[(start + 1)..].IndexOf((byte)'"'))]);
    }

    private static async Task<List<Task>> OpenAsync(Target target, string @namespace, EventLine onEvent, CancellationToken cancellationToken)
    {
        var watchers = new List<Task>();
        for (var i = 0; i < Connections; i++)
        {
            var client = target.OpenHttp2();
            for (var j = 0; j < PerConnection; j++)
            {
                var request = new HttpRequestMessage(HttpMethod.Get, $"{ConfigMaps.Path(@namespace)}?watch=1&resourceVersion=0") { Version = new Version(2, 0) };
                var response = await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellationToken);
                response.EnsureSuccessStatusCode();
                watchers.Add(ReadAsync(await response.Content.ReadAsStreamAsync(cancellationToken), onEvent, cancellationToken));
            }
        }

        return watchers;
    }

    private static async Task ReadAsync(Stream stream, EventLine onEvent, CancellationToken cancellationToken)
    {
        var buffer = new byte[64 * 1024];
        var length = 0;
        try
        {
            while (await stream.ReadAsync(buffer.AsMemory(length), cancellationToken) is > 0 and var read)
            {
                var now = Stopwatch.GetTimestamp();
                length += read;
                var start = 0;
                while (buffer.AsSpan(start, length - start).IndexOf((byte)'\n') is >= 0 and var end)
                {
                    var line = buffer.AsSpan(start, end);
                    if (line.StartsWith("{\"type\":\"ADDED\""u8) && line.IndexOf("\"kube-root-ca.crt\""u8) < 0)
                    {
                        onEvent(line, now);
                    }

                    start += end + 1;
                }

                buffer.AsSpan(start, length - start).CopyTo(buffer);
                length -= start;
            }
        }
        catch (OperationCanceledException)
        {
            // The measurement is over.
        }
    }

    private delegate void EventLine(ReadOnlySpan<byte> line, long time);
}
