using System.Buffers;
using System.Diagnostics;
using System.Net;
using System.Net.WebSockets;
using System.Text;

namespace Coxswain.Workloads;

/// <summary>What it costs to step into a Pod: how long <c>exec true</c> takes, how fast its streams are, and many at once.</summary>
internal static class PodStreams
{
    private const long StreamBytes = 1L << 30;
    private const int Burst = 500;
    private const int MostAtOnce = 50;

    public static async Task RunAsync(Target target, string image, int rounds)
    {
        var @namespace = await ConfigMaps.CreateNamespaceAsync(target);
        await using var connection = await target.OpenAsync();
        var body = Encoding.UTF8.GetBytes($$$"""
            {"apiVersion":"v1","kind":"Pod","metadata":{"name":"box"},"spec":{"terminationGracePeriodSeconds":0,"containers":[
            {"name":"main","image":"{{{image}}}","imagePullPolicy":"Never","command":["sleep","1000000"]}]}}
            """);
        await connection.SendAsync(connection.Prepare("POST", $"/api/v1/namespaces/{@namespace}/pods", body));
        using var client = target.OpenHttp1();
        await WaitAsync(connection, @namespace);
        try
        {
            var latency = new List<double>();
            for (var round = -3; round < rounds; round++)
            {
                var start = Stopwatch.GetTimestamp();
                await ExecAsync(client, @namespace, 0, "true");
                if (round >= 0)
                {
                    latency.Add(Stopwatch.GetElapsedTime(start).TotalMilliseconds);
                }
            }

            Console.WriteLine($"exec of true: {Statistics.Describe(latency)} ms");
            await MeasureAsync("from the pod", () => ExecAsync(client, @namespace, 0, "dd", "if=/dev/zero", "bs=1M", $"count={StreamBytes >> 20}"));
            await MeasureAsync("into the pod", () => ExecAsync(client, @namespace, StreamBytes, "sh", "-c", "cat > /dev/null"));

            using var places = new SemaphoreSlim(MostAtOnce);
            var begin = Stopwatch.GetTimestamp();
            await Task.WhenAll(Enumerable.Range(0, Burst).Select(async _ =>
            {
                await places.WaitAsync();
                try
                {
                    await ExecAsync(client, @namespace, 0, "true");
                }
                finally
                {
                    places.Release();
                }
            }));
            Console.WriteLine($"{Burst} execs, {MostAtOnce} at a time: {Stopwatch.GetElapsedTime(begin).TotalSeconds:F1} s");
        }
        finally
        {
            await ConfigMaps.DeleteNamespaceAsync(target, @namespace);
        }
    }

    private static async Task MeasureAsync(string what, Func<Task<long>> run)
    {
        var start = Stopwatch.GetTimestamp();
        var bytes = await run();
        Console.WriteLine($"stream {what}: {Math.Max(bytes, StreamBytes) / 1e6 / Stopwatch.GetElapsedTime(start).TotalSeconds:F0} MB/s");
    }

    /// <summary>Runs a command to its end and returns how much it wrote.</summary>
    /// <param name="input">How much it is sent.</param>
    private static async Task<long> ExecAsync(HttpClient client, string @namespace, long input, params string[] command)
    {
        var query = string.Concat(command.Select(argument => "&command=" + Uri.EscapeDataString(argument)));
        var message = new HttpRequestMessage(
            HttpMethod.Get, $"/api/v1/namespaces/{@namespace}/pods/box/exec?stdout=true{(input > 0 ? "&stdin=true" : "")}{query}")
        {
            Version = HttpVersion.Version11, VersionPolicy = HttpVersionPolicy.RequestVersionExact,
        };
        message.Headers.TryAddWithoutValidation("Connection", "Upgrade");
        message.Headers.TryAddWithoutValidation("Upgrade", "websocket");
        message.Headers.TryAddWithoutValidation("Sec-WebSocket-Version", "13");
        message.Headers.TryAddWithoutValidation("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ==");
        message.Headers.TryAddWithoutValidation("Sec-WebSocket-Protocol", "v5.channel.k8s.io");
        using var answer = await client.SendAsync(message, HttpCompletionOption.ResponseHeadersRead);
        if (answer.StatusCode != HttpStatusCode.SwitchingProtocols)
        {
            throw new InvalidOperationException($"{(int)answer.StatusCode}: {await answer.Content.ReadAsStringAsync()}");
        }

        using var socket = WebSocket.CreateFromStream(await answer.Content.ReadAsStreamAsync(), new WebSocketCreationOptions());
        var sending = SendAsync(socket, input);
        var received = await ReceiveAsync(socket);
        await sending;
        await socket.CloseOutputAsync(WebSocketCloseStatus.NormalClosure, "", CancellationToken.None);
        return received;
    }

    private static async Task SendAsync(WebSocket socket, long input)
    {
        if (input == 0)
        {
            return;
        }

        var piece = new byte[1 + (32 * 1024)]; // as large as kubectl's
        for (var left = input; left > 0; left -= piece.Length - 1)
        {
            await socket.SendAsync(piece, WebSocketMessageType.Binary, endOfMessage: true, CancellationToken.None);
        }

        await socket.SendAsync((byte[])[255, 0], WebSocketMessageType.Binary, endOfMessage: true, CancellationToken.None);
    }

    private static async Task<long> ReceiveAsync(WebSocket socket)
    {
        var buffer = ArrayPool<byte>.Shared.Rent(128 * 1024);
        var error = new StringBuilder();
        var isStart = true;
        byte channel = 0;
        long received = 0;
        while (true)
        {
            var result = await socket.ReceiveAsync(buffer.AsMemory(), CancellationToken.None);
            if (result.MessageType == WebSocketMessageType.Close)
            {
                break;
            }

            var skip = isStart && result.Count > 0 ? 1 : 0;
            channel = skip > 0 ? buffer[0] : channel;
            isStart = result.EndOfMessage;
            if (channel == 1)
            {
                received += result.Count - skip;
            }
            else if (channel == 3)
            {
                error.Append(Encoding.UTF8.GetString(buffer, skip, result.Count - skip));
            }
        }

        ArrayPool<byte>.Shared.Return(buffer);
        return error.ToString().Contains("Success", StringComparison.Ordinal) ? received : throw new InvalidOperationException($"the command failed: {error}");
    }

    private static async Task WaitAsync(Http1Connection connection, string @namespace)
    {
        while (true)
        {
            var body = new ArrayBufferWriter<byte>();
            await connection.SendAsync(connection.Prepare("GET", $"/api/v1/namespaces/{@namespace}/pods/box"), body);
            if (Encoding.UTF8.GetString(body.WrittenSpan).Contains("\"phase\":\"Running\"", StringComparison.Ordinal))
            {
                return;
            }

            await Task.Delay(50);
        }
    }
}
