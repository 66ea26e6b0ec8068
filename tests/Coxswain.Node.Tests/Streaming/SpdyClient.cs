using System.Buffers.Binary;
using System.Collections.Concurrent;
using System.Threading.Channels;
using Coxswain.Node.Streaming.Spdy;

namespace Coxswain.Node.Tests.Streaming;

/// <summary>The client's side of SPDY/3.1, as much of it as Kubernetes' clients use.</summary>
internal sealed class SpdyClient : IAsyncDisposable
{
    private readonly Stream _transport;
    private readonly SpdyHeaderWriter _headers = new();
    private readonly SpdyHeaderReader _replies = new();
    private readonly ConcurrentDictionary<uint, Channel<byte[]>> _received = new();
    private readonly SemaphoreSlim _writing = new(1, 1);
    private readonly CancellationTokenSource _closed = new();
    private readonly Task _reading;
    private uint _nextId = 1;

    public SpdyClient(Stream transport)
    {
        _transport = transport;
        _reading = ReadAsync();
    }

    /// <summary>The ids of streams the server refused or gave up.</summary>
    public Channel<uint> Resets { get; } = Channel.CreateUnbounded<uint>();

    public Channel<byte[]> Pings { get; } = Channel.CreateUnbounded<byte[]>();

    public async Task<uint> OpenAsync(CancellationToken cancellationToken, params (string Name, string Value)[] headers)
    {
        var id = _nextId;
        _nextId += 2;
        _received[id] = Channel.CreateUnbounded<byte[]>();
        var block = _headers.Write(headers.ToDictionary(header => header.Name, header => header.Value));
        var payload = new byte[10 + block.Length];
        BinaryPrimitives.WriteUInt32BigEndian(payload, id);
        block.CopyTo(payload, 10);
        await SendControlAsync(SpdyFrameType.SynStream, payload, cancellationToken);
        return id;
    }

    public async Task SendAsync(uint id, ReadOnlyMemory<byte> data, CancellationToken cancellationToken, bool isLast = false)
    {
        var frame = new byte[SpdyFrameHeader.Size + data.Length];
        SpdyFrameHeader.WriteData(frame, id, isLast ? SpdyFrameHeader.Fin : (byte)0, data.Length);
        data.CopyTo(frame.AsMemory(SpdyFrameHeader.Size));
        await WriteAsync(frame, cancellationToken);
    }

    public Task ResetAsync(uint id, CancellationToken cancellationToken)
    {
        var payload = new byte[8];
        BinaryPrimitives.WriteUInt32BigEndian(payload, id);
        payload[7] = 5;
        return SendControlAsync(SpdyFrameType.RstStream, payload, cancellationToken);
    }

    public async Task SendControlAsync(SpdyFrameType type, byte[] payload, CancellationToken cancellationToken)
    {
        var frame = new byte[SpdyFrameHeader.Size + payload.Length];
        SpdyFrameHeader.WriteControl(frame, type, 0, payload.Length);
        payload.CopyTo(frame, SpdyFrameHeader.Size);
        await WriteAsync(frame, cancellationToken);
    }

    /// <summary>All that comes on a stream until the server ends it.</summary>
    public async Task<byte[]> ReadToEndAsync(uint id, CancellationToken cancellationToken)
    {
        var all = new MemoryStream();
        await foreach (var data in _received[id].Reader.ReadAllAsync(cancellationToken))
        {
            all.Write(data);
        }

        return all.ToArray();
    }

    public ValueTask<byte[]> ReadAsync(uint id, CancellationToken cancellationToken) => _received[id].Reader.ReadAsync(cancellationToken);

    public async ValueTask DisposeAsync()
    {
        if (_reading.IsCompleted && _closed.IsCancellationRequested)
        {
            return;
        }

        await _closed.CancelAsync();
        await _reading;
        await _transport.DisposeAsync();
        _closed.Dispose();
        _headers.Dispose();
        _replies.Dispose();
        _writing.Dispose();
    }

    private async Task WriteAsync(byte[] frame, CancellationToken cancellationToken)
    {
        await _writing.WaitAsync(cancellationToken);
        try
        {
            await _transport.WriteAsync(frame, cancellationToken);
            await _transport.FlushAsync(cancellationToken);
        }
        finally
        {
            _writing.Release();
        }
    }

    private async Task ReadAsync()
    {
        try
        {
            var bytes = new byte[SpdyFrameHeader.Size];
            while (await _transport.ReadAtLeastAsync(bytes, bytes.Length, throwOnEndOfStream: false, _closed.Token) == bytes.Length)
            {
                var header = SpdyFrameHeader.Read(bytes);
                var payload = new byte[header.Length];
                await _transport.ReadExactlyAsync(payload, _closed.Token);
                Take(header, payload);
            }
        }
        catch (Exception exception) when (exception is IOException or ObjectDisposedException or OperationCanceledException)
        {
            // Closed, by either side.
        }

        foreach (var received in _received.Values)
        {
            received.Writer.TryComplete();
        }

        Resets.Writer.TryComplete();
        Pings.Writer.TryComplete();
    }

    private void Take(SpdyFrameHeader header, byte[] payload)
    {
        if (!header.IsControl)
        {
            if (payload.Length > 0)
            {
                _received[header.StreamId].Writer.TryWrite(payload);
            }

            if (header.IsFin)
            {
                _received[header.StreamId].Writer.TryComplete();
            }
        }
        else if (header.Type == SpdyFrameType.SynReply)
        {
            _replies.Read(payload.AsMemory(4));
        }
        else if (header.Type == SpdyFrameType.RstStream)
        {
            Resets.Writer.TryWrite(SpdyFrameHeader.ReadStreamId(payload));
        }
        else if (header.Type == SpdyFrameType.Ping)
        {
            Pings.Writer.TryWrite(payload);
        }
    }
}
