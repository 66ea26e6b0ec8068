using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.Logging;

namespace Coxswain.Network.Dns;

/// <summary>Listens over UDP and TCP at one address and hands messages to a responder.</summary>
internal sealed partial class DnsServer : IDisposable
{
    /// <summary>Queries over UDP that wait for others, and connections: beyond these, datagrams are dropped (clients ask again) and callers wait.</summary>
    private const int MostWaiting = 512;
    private const int MostConnections = 128;
    private const int LargestQuery = 4096;

    private static readonly TimeSpan Idle = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(100);

    private readonly DnsResponder _responder;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly Socket _udp = new(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
    private readonly Socket _tcp = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
    private readonly SemaphoreSlim _waiting = new(MostWaiting);
    private readonly SemaphoreSlim _connections = new(MostConnections);

    /// <exception cref="SocketException">The address is not ours, or taken.</exception>
    public DnsServer(IPEndPoint listen, DnsResponder responder, TimeProvider time, ILogger logger)
    {
        _responder = responder;
        _time = time;
        _logger = logger;
        try
        {
            _tcp.Bind(listen);
            _tcp.Listen();
            EndPoint = (IPEndPoint)_tcp.LocalEndPoint!; // Bound in the line above.
            _udp.ReceiveBufferSize = 1 << 20;
            _udp.Bind(EndPoint);
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    public IPEndPoint EndPoint { get; }

    /// <summary>Serves until cancelled, and returns when all queries in hand have ended.</summary>
    public Task RunAsync(CancellationToken cancellationToken) => Task.WhenAll(ReceiveAsync(cancellationToken), AcceptAsync(cancellationToken));

    public void Dispose()
    {
        _udp.Dispose();
        _tcp.Dispose();
        _waiting.Dispose();
        _connections.Dispose();
    }

    private async Task ReceiveAsync(CancellationToken cancellationToken)
    {
        var buffer = new byte[LargestQuery];
        var anyone = new IPEndPoint(IPAddress.Any, 0);
        while (!cancellationToken.IsCancellationRequested)
        {
            try
            {
                var received = await _udp.ReceiveFromAsync(buffer, SocketFlags.None, anyone, cancellationToken);
                var message = buffer.AsMemory(0, received.ReceivedBytes);
                if (_responder.TryAnswer(message.Span, overTcp: false, out var response, out var asksOthers))
                {
                    await _udp.SendToAsync(response, SocketFlags.None, received.RemoteEndPoint, cancellationToken);
                }
                else if (asksOthers && await _waiting.WaitAsync(TimeSpan.Zero, cancellationToken))
                {
                    // Ends by itself within the forwarder's limit; the semaphore knows it, and the end waits for it below.
                    _ = ForwardDatagramAsync(message.ToArray(), received.RemoteEndPoint, cancellationToken);
                }
            }
            catch (Exception exception) when (!cancellationToken.IsCancellationRequested)
            {
                Log.Failed(_logger, exception);
            }
            catch (OperationCanceledException)
            {
            }
        }

        await DrainAsync(_waiting, MostWaiting);
    }

    private async Task ForwardDatagramAsync(byte[] message, EndPoint client, CancellationToken cancellationToken)
    {
        try
        {
            if (await _responder.ForwardAsync(message, overTcp: false, cancellationToken) is { } response)
            {
                await _udp.SendToAsync(response, SocketFlags.None, client, cancellationToken);
            }
        }
        catch (Exception exception) when (!cancellationToken.IsCancellationRequested)
        {
            Log.Failed(_logger, exception);
        }
        catch (OperationCanceledException)
        {
        }
        finally
        {
            _waiting.Release();
        }
    }

    private async Task AcceptAsync(CancellationToken cancellationToken)
    {
        while (!cancellationToken.IsCancellationRequested)
        {
            var isServed = false;
            try
            {
                await _connections.WaitAsync(cancellationToken);
                try
                {
                    var client = await _tcp.AcceptAsync(cancellationToken);
                    isServed = true;
                    _ = ServeAsync(client, cancellationToken);
                }
                finally
                {
                    if (!isServed)
                    {
                        _connections.Release();
                    }
                }
            }
            catch (Exception exception) when (!cancellationToken.IsCancellationRequested)
            {
                // Out of file descriptors, say: that does not pass in a tight loop.
                Log.Failed(_logger, exception);
                await Task.Delay(Pause, _time, CancellationToken.None);
            }
            catch (OperationCanceledException)
            {
            }
        }

        await DrainAsync(_connections, MostConnections);
    }

    private async Task ServeAsync(Socket client, CancellationToken cancellationToken)
    {
        try
        {
            await using var stream = new NetworkStream(client, ownsSocket: true);
            while (true)
            {
                using var idle = new CancellationTokenSource(Idle, _time);
                using var either = CancellationTokenSource.CreateLinkedTokenSource(idle.Token, cancellationToken);
                if (await DnsStream.ReadAsync(stream, either.Token) is not { } message)
                {
                    return;
                }

                if (!_responder.TryAnswer(message, overTcp: true, out var response, out var asksOthers) && asksOthers)
                {
                    response = await _responder.ForwardAsync(message, overTcp: true, either.Token);
                }

                if (response is null)
                {
                    return;
                }

                await DnsStream.WriteAsync(stream, response, either.Token);
            }
        }
        catch (Exception exception) when (exception is IOException or OperationCanceledException or SocketException)
        {
            // The client went away or said nothing for too long.
        }
        catch (Exception exception)
        {
            Log.Failed(_logger, exception);
        }
        finally
        {
            _connections.Release();
        }
    }

    /// <summary>Waits until everyone who took a place has given it back.</summary>
    private static async Task DrainAsync(SemaphoreSlim places, int count)
    {
        for (var i = 0; i < count; i++)
        {
            await places.WaitAsync(CancellationToken.None);
        }
    }

    private static partial class Log
    {
        [LoggerMessage(LogLevel.Warning, "A DNS query could not be answered")]
        public static partial void Failed(ILogger logger, Exception exception);
    }
}
