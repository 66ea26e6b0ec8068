using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.Logging;

namespace Coxswain.Engine.Local.Networks;

/// <summary>
/// Answers for the names of containers on the gateway of their network, and hands all else on to the machine's name servers (or those
/// the container was given). Who asks is known by the address.
/// </summary>
internal sealed partial class LocalDnsServer : IAsyncDisposable
{
    private const int Port = 53;
    private const int LargestPacket = 65535;

    /// <summary>Questions under way at a time; more wait in the kernel, which drops what is too much.</summary>
    private const int MostAtOnce = 256;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(4);
    private static readonly TimeSpan AfterFailure = TimeSpan.FromSeconds(1);

    private readonly LocalNames _names;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly Socket _datagrams = new(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
    private readonly Socket _streams = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
    private readonly SemaphoreSlim _slots = new(MostAtOnce, MostAtOnce);
    private readonly CancellationTokenSource _stopping = new();
    private Task _running = Task.CompletedTask;

    private LocalDnsServer(LocalNames names, TimeProvider time, ILogger logger)
    {
        _names = names;
        _time = time;
        _logger = logger;
    }

    public static LocalDnsServer Start(IPAddress address, LocalNames names, TimeProvider time, ILogger logger)
    {
        var server = new LocalDnsServer(names, time, logger);
        try
        {
            server._datagrams.Bind(new IPEndPoint(address, Port));
            server._streams.Bind(new IPEndPoint(address, Port));
            server._streams.Listen(64);
        }
        catch (SocketException exception)
        {
            // Containers can do without names; they cannot do without a network.
            Log.NoNames(logger, exception, address.ToString());
        }

        server._running = Task.WhenAll(
            server.LoopAsync(server.ReceiveAsync), server.LoopAsync(server.AcceptAsync));
        return server;
    }

    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync();
        _datagrams.Dispose();
        _streams.Dispose();
        await _running;
        // Those under way give their slots back after the sockets have gone.
        for (var i = 0; i < MostAtOnce; i++)
        {
            await _slots.WaitAsync();
        }

        _slots.Dispose();
        _stopping.Dispose();
    }

    private async Task LoopAsync(Func<Task> step)
    {
        while (!_stopping.IsCancellationRequested)
        {
            try
            {
                await step();
            }
            catch (Exception exception) when (exception is OperationCanceledException or ObjectDisposedException)
            {
                return;
            }
            catch (Exception exception)
            {
                Log.Failed(_logger, exception);
                await Task.Delay(AfterFailure, _time, _stopping.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }
    }

    private async Task ReceiveAsync()
    {
        var buffer = new byte[4096];
        while (true)
        {
            var received = await _datagrams.ReceiveFromAsync(buffer, SocketFlags.None, new IPEndPoint(IPAddress.Any, 0), _stopping.Token);
            var packet = buffer.AsMemory(0, received.ReceivedBytes).ToArray();
            var from = (IPEndPoint)received.RemoteEndPoint;
            await _slots.WaitAsync(_stopping.Token);
            _ = InSlotAsync(async () =>
            {
                if (await AnswerAsync(packet, from.Address, overStream: false) is { } answer)
                {
                    await _datagrams.SendToAsync(answer, SocketFlags.None, from, _stopping.Token);
                }
            });
        }
    }

    private async Task AcceptAsync()
    {
        while (true)
        {
            var client = await _streams.AcceptAsync(_stopping.Token);
            await _slots.WaitAsync(_stopping.Token);
            _ = InSlotAsync(async () =>
            {
                using (client)
                {
                    await ServeAsync(client);
                }
            });
        }
    }

    private async Task ServeAsync(Socket client)
    {
        using var limit = new CancellationTokenSource(Patience * 2, _time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, _stopping.Token);
        await using var stream = new NetworkStream(client);
        var from = ((IPEndPoint)client.RemoteEndPoint!).Address; // Connected.
        if (await ReadAsync(stream, either.Token) is { } packet && await AnswerAsync(packet, from, overStream: true) is { } answer)
        {
            await WriteAsync(stream, answer, either.Token);
        }
    }

    private async Task InSlotAsync(Func<Task> work)
    {
        try
        {
            await work();
        }
        catch (Exception exception) when (exception is SocketException or IOException or OperationCanceledException or ObjectDisposedException)
        {
            // The asker asks again.
        }
        catch (Exception exception)
        {
            Log.Failed(_logger, exception);
        }
        finally
        {
            _slots.Release();
        }
    }

    private async Task<byte[]?> AnswerAsync(byte[] packet, IPAddress asker, bool overStream)
    {
        if (DnsMessage.TryParse(packet) is not { } query)
        {
            return null;
        }

        if (query.Type is DnsMessage.Address4 or DnsMessage.Address6 && _names.Find(asker, query.Name) is { } found)
        {
            return query.Answer(query.Type == DnsMessage.Address4 ? Turned(found, packet) : []);
        }

        if (query.Type == DnsMessage.Pointer && query.ReverseAddress is { } address && _names.FindName(asker, address) is { } name)
        {
            return query.Answer(name);
        }

        var servers = _names.ServersOf(asker) is { Count: > 0 } own ? own : HostResolver.Servers();
        foreach (var server in servers.Select(server => IPAddress.TryParse(server, out var parsed) ? parsed : null).OfType<IPAddress>())
        {
            try
            {
                return overStream ? await ForwardStreamAsync(server, packet) : await ForwardAsync(server, packet);
            }
            catch (Exception exception) when (exception is SocketException or IOException or OperationCanceledException)
            {
                _stopping.Token.ThrowIfCancellationRequested();
            }
        }

        return query.Failure();
    }

    /// <summary>Begins with another address each time, by the query's own random number.</summary>
    private static IReadOnlyList<IPAddress> Turned(IReadOnlyList<IPAddress> addresses, byte[] packet)
    {
        var first = BinaryPrimitives.ReadUInt16BigEndian(packet) % addresses.Count;
        return [.. addresses.Skip(first), .. addresses.Take(first)];
    }

    private async Task<byte[]> ForwardAsync(IPAddress server, byte[] packet)
    {
        using var limit = new CancellationTokenSource(Patience, _time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, _stopping.Token);
        using var socket = new Socket(server.AddressFamily, SocketType.Dgram, ProtocolType.Udp);
        await socket.ConnectAsync(new IPEndPoint(server, Port), either.Token);
        await socket.SendAsync(packet, either.Token);
        var buffer = new byte[LargestPacket];
        while (true)
        {
            var count = await socket.ReceiveAsync(buffer, either.Token);
            if (count >= 2 && buffer.AsSpan(0, 2).SequenceEqual(packet.AsSpan(0, 2)))
            {
                return buffer[..count];
            }
        }
    }

    private async Task<byte[]?> ForwardStreamAsync(IPAddress server, byte[] packet)
    {
        using var limit = new CancellationTokenSource(Patience, _time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, _stopping.Token);
        using var socket = new Socket(server.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        await socket.ConnectAsync(new IPEndPoint(server, Port), either.Token);
        await using var stream = new NetworkStream(socket);
        await WriteAsync(stream, packet, either.Token);
        return await ReadAsync(stream, either.Token);
    }

    private static async Task<byte[]?> ReadAsync(NetworkStream stream, CancellationToken cancellationToken)
    {
        var length = new byte[2];
        if (await stream.ReadAtLeastAsync(length, 2, throwOnEndOfStream: false, cancellationToken) < 2)
        {
            return null;
        }

        var packet = new byte[BinaryPrimitives.ReadUInt16BigEndian(length)];
        await stream.ReadExactlyAsync(packet, cancellationToken);
        return packet;
    }

    private static async Task WriteAsync(NetworkStream stream, byte[] packet, CancellationToken cancellationToken)
    {
        var framed = new byte[2 + packet.Length];
        BinaryPrimitives.WriteUInt16BigEndian(framed, (ushort)packet.Length);
        packet.CopyTo(framed, 2);
        await stream.WriteAsync(framed, cancellationToken);
    }

    private static partial class Log
    {
        [LoggerMessage(LogLevel.Warning, "Names of containers cannot be served on {Address}")]
        public static partial void NoNames(ILogger logger, Exception exception, string address);

        [LoggerMessage(LogLevel.Warning, "A question for the name of a container could not be dealt with")]
        public static partial void Failed(ILogger logger, Exception exception);
    }
}
