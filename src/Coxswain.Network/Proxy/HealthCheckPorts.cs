using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Threading.Channels;
using Coxswain.Client;
using Microsoft.Extensions.Logging;

namespace Coxswain.Network.Proxy;

/// <summary>
/// Answers a load balancer's question, at the port a Service has for it, whether this node has endpoints of the Service: 200 when
/// it has, 503 when not, as kube-proxy does.
/// </summary>
internal sealed partial class HealthCheckPorts(IReadOnlyList<IPAddress> addresses, TimeProvider time, ILogger logger)
{
    /// <summary>At one port at once; more wait.</summary>
    private const int MostConnections = 16;

    private const int LongestRequest = 8 * 1024;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);

    private readonly ConcurrentDictionary<int, (NamespacedName Service, int Endpoints)> _wanted = new();
    private readonly Dictionary<NamespacedName, int> _ports = [];

    /// <summary>Only says that something changed: one entry is enough.</summary>
    private readonly Channel<bool> _changed = Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });

    /// <param name="port">0 for none.</param>
    public void Replace(NamespacedName service, int port, int endpoints)
    {
        if (_ports.Remove(service, out var before) && before != port)
        {
            _wanted.TryRemove(before, out _);
            _changed.Writer.TryWrite(true);
        }

        if (port > 0)
        {
            _ports[service] = port;
            _wanted[port] = (service, endpoints);
            _changed.Writer.TryWrite(true);
        }
    }

    /// <summary>Serves until cancelled.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        var serving = new Dictionary<int, (CancellationTokenSource Stop, Task Running)>();
        try
        {
            while (await _changed.Reader.WaitToReadAsync(cancellationToken))
            {
                _changed.Reader.TryRead(out _);
                foreach (var gone in serving.Keys.Where(port => !_wanted.ContainsKey(port)).ToList())
                {
                    await StopAsync(serving[gone]);
                    serving.Remove(gone);
                }

                foreach (var port in _wanted.Keys.Where(port => !serving.ContainsKey(port)))
                {
                    var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
                    serving.Add(port, (stop, Task.WhenAll(addresses.Select(address => ListenAsync(new IPEndPoint(address, port), stop.Token)))));
                }
            }
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
        }
        finally
        {
            foreach (var one in serving.Values)
            {
                await StopAsync(one);
            }
        }
    }

    private static async Task StopAsync((CancellationTokenSource Stop, Task Running) serving)
    {
        await serving.Stop.CancelAsync();
        await serving.Running;
        serving.Stop.Dispose();
    }

    private async Task ListenAsync(IPEndPoint endPoint, CancellationToken cancellationToken)
    {
        var isTold = false;
        while (!cancellationToken.IsCancellationRequested)
        {
            try
            {
                using var listener = new Socket(endPoint.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
                listener.SetSocketOption(SocketOptionLevel.Socket, SocketOptionName.ReuseAddress, true);
                listener.Bind(endPoint);
                listener.Listen(MostConnections);
                await AcceptAsync(listener, endPoint.Port, cancellationToken);
            }
            catch (Exception exception) when (!cancellationToken.IsCancellationRequested)
            {
                if (!isTold)
                {
                    isTold = true;
                    Log.NotListening(logger, exception, endPoint);
                }

                await Task.Delay(Pause, time, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ContinueOnCapturedContext);
            }
            catch (OperationCanceledException)
            {
            }
        }
    }

    private async Task AcceptAsync(Socket listener, int port, CancellationToken cancellationToken)
    {
        var answering = new List<Task>();
        try
        {
            while (true)
            {
                if (answering.Count >= MostConnections)
                {
                    await Task.WhenAny(answering);
                }

                answering.RemoveAll(task => task.IsCompleted);
                answering.Add(AnswerAsync(await listener.AcceptAsync(cancellationToken), port, cancellationToken));
            }
        }
        finally
        {
            await Task.WhenAll(answering);
        }
    }

    /// <summary>Never throws: whoever asked went away.</summary>
    private async Task AnswerAsync(Socket client, int port, CancellationToken cancellationToken)
    {
        using var patience = new CancellationTokenSource(Patience, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(patience.Token, cancellationToken);
        try
        {
            await using var stream = new NetworkStream(client, ownsSocket: true);
            var buffer = new byte[LongestRequest];
            var length = 0;
            while (length < buffer.Length && buffer.AsSpan(0, length).IndexOf("\r\n\r\n"u8) < 0)
            {
                var count = await stream.ReadAsync(buffer.AsMemory(length), either.Token);
                if (count == 0)
                {
                    return;
                }

                length += count;
            }

            var (service, endpoints) = _wanted.GetValueOrDefault(port);
            var body = string.Create(
                CultureInfo.InvariantCulture,
                $$"""{"service":{"namespace":"{{service.Namespace}}","name":"{{service.Name}}"},"localEndpoints":{{endpoints}},"serviceProxyHealthy":true}""");
            var status = endpoints > 0 ? "200 OK" : "503 Service Unavailable";
            var head = string.Create(
                CultureInfo.InvariantCulture,
                $"HTTP/1.1 {status}\r\nContent-Type: application/json\r\nX-Content-Type-Options: nosniff\r\nX-Load-Balancing-Endpoint-Weight: {endpoints}\r\nContent-Length: {body.Length}\r\nConnection: close\r\n\r\n");
            await stream.WriteAsync(Encoding.ASCII.GetBytes(head + body), either.Token);
        }
        catch (Exception exception) when (exception is IOException or SocketException or OperationCanceledException)
        {
        }
    }

    private static partial class Log
    {
        [LoggerMessage(LogLevel.Warning, "The health of a Service cannot be asked at {EndPoint}; it is tried again")]
        public static partial void NotListening(ILogger logger, Exception exception, IPEndPoint endPoint);
    }
}
