using System.IO.Pipelines;
using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Http.Features;

namespace Coxswain.DockerApi.Http;

/// <summary>
/// One client's connection. Its end of input counts as the end of the connection while it speaks HTTP, so that what it waits for is
/// given up; but not once it is hijacked, when it only says that the client has no more to send.
/// </summary>
internal sealed class HijackConnection : ConnectionContext, IHijackFeature
{
    /// <summary>How much is read ahead of who reads, and written ahead of the client.</summary>
    private const int MostBuffered = 1024 * 1024;

    private static readonly PipeOptions Buffers = new(pauseWriterThreshold: MostBuffered, resumeWriterThreshold: MostBuffered / 2);

    private readonly Socket _socket;
    private readonly Pipe _received = new(Buffers);
    private readonly Pipe _toSend = new(Buffers);
    private readonly HijackableOutput _output;
    private readonly CancellationTokenSource _closed = new();
    private readonly Task _receiving;
    private readonly Task _sending;
    private volatile bool _hijacked;
    private int _disposed;

    public HijackConnection(Socket socket, string id)
    {
        _socket = socket;
        ConnectionId = id;
        LocalEndPoint = socket.LocalEndPoint;
        _output = new HijackableOutput(_toSend.Writer);
        Transport = new DuplexPipe(_received.Reader, _output);
        ConnectionClosed = _closed.Token;
        Features.Set<IHijackFeature>(this);
        _receiving = ReceiveAsync();
        _sending = SendAsync();
    }

    public override string ConnectionId { get; set; }

    public override IFeatureCollection Features { get; } = new FeatureCollection();

    public override IDictionary<object, object?> Items { get; set; } = new Dictionary<object, object?>();

    public override IDuplexPipe Transport { get; set; }

    public override EndPoint? LocalEndPoint { get; set; }

    public override CancellationToken ConnectionClosed { get; set; }

    public HijackedStream Hijack()
    {
        _hijacked = true;
        _output.Hijack();
        return new HijackedStream(_received.Reader, _toSend.Writer);
    }

    public override void Abort(ConnectionAbortedException abortReason)
    {
        if (!_hijacked)
        {
            _socket.Dispose();
        }
    }

    public override async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _disposed, 1) != 0)
        {
            return;
        }

        // What was written still goes out; then the client sees the end.
        await _toSend.Writer.CompleteAsync();
        await _sending;
        try
        {
            _socket.Shutdown(SocketShutdown.Both);
        }
        catch (Exception exception) when (exception is SocketException or ObjectDisposedException)
        {
            // It has gone already.
        }

        _socket.Dispose();
        await _received.Reader.CompleteAsync();
        await _receiving;
        await _closed.CancelAsync();
        _closed.Dispose();
    }

    private async Task ReceiveAsync()
    {
        try
        {
            int count;
            while ((count = await _socket.ReceiveAsync(_received.Writer.GetMemory(4096), CancellationToken.None)) > 0)
            {
                _received.Writer.Advance(count);
                if ((await _received.Writer.FlushAsync()).IsCompleted)
                {
                    break;
                }
            }
        }
        catch (Exception exception) when (exception is SocketException or ObjectDisposedException)
        {
            // The client has gone, or we have let go.
        }

        await _received.Writer.CompleteAsync();
        if (!_hijacked && Volatile.Read(ref _disposed) == 0)
        {
            await TellClosedAsync();
        }
    }

    private async Task SendAsync()
    {
        try
        {
            while (true)
            {
                var result = await _toSend.Reader.ReadAsync();
                foreach (var part in result.Buffer)
                {
                    var rest = part;
                    while (rest.Length > 0)
                    {
                        rest = rest[await _socket.SendAsync(rest, CancellationToken.None)..];
                    }
                }

                _toSend.Reader.AdvanceTo(result.Buffer.End);
                if (result.IsCompleted)
                {
                    break;
                }
            }
        }
        catch (Exception exception) when (exception is SocketException or ObjectDisposedException)
        {
            // Whoever writes sees it by the completed reader.
        }

        await _toSend.Reader.CompleteAsync();
    }

    private async Task TellClosedAsync()
    {
        try
        {
            await _closed.CancelAsync();
        }
        catch (ObjectDisposedException)
        {
            // Disposed in the same moment, which tells it too.
        }
    }

    private sealed record DuplexPipe(PipeReader Input, PipeWriter Output) : IDuplexPipe;
}
