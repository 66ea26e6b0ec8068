using System.Buffers.Binary;
using System.Threading.Channels;

namespace Coxswain.Node.Streaming.Spdy;

/// <summary>
/// The server's side of SPDY/3.1 as Kubernetes' clients speak it: they open streams, nobody pushes, and neither side keeps windows.
/// So a stream whose data nobody takes holds up its connection, and <see cref="SpdyStream.MostBufferedBytes"/> for each of
/// <see cref="MostStreams"/> bounds what one connection holds.
/// </summary>
internal sealed class SpdyConnection : IAsyncDisposable
{
    /// <summary>Open at a time; two for each connection that is forwarded.</summary>
    public const int MostStreams = 512;

    /// <summary>Of a control frame; data may come in frames of any length.</summary>
    public const int MostControlBytes = 64 * 1024;

    private const int BufferBytes = 64 * 1024;
    private const int MostDataBytes = 64 * 1024;
    private const uint RefusedStream = 3;

    private static readonly Dictionary<string, string> NoHeaders = [];

    private readonly Stream _transport;
    private readonly Lock _lock = new();
    private readonly Dictionary<uint, SpdyStream> _streams = [];
    private readonly Channel<SpdyStream> _accepted = Channel.CreateBounded<SpdyStream>(MostStreams);
    private readonly SpdyHeaderReader _headers = new();
    private readonly SpdyHeaderWriter _replies = new();
    private readonly SemaphoreSlim _writing = new(1, 1);
    private readonly byte[] _frame = new byte[SpdyFrameHeader.Size + MostDataBytes];
    private readonly byte[] _buffer = new byte[BufferBytes];
    private readonly CancellationTokenSource _ended = new();
    private int _start;
    private int _end;
    private uint _lastId;

    public SpdyConnection(Stream transport)
    {
        _transport = transport;
        Ended = _ended.Token;
    }

    /// <summary>Streams in the order they were opened; ends with the connection.</summary>
    public ChannelReader<SpdyStream> Accepted => _accepted.Reader;

    /// <summary>Nothing comes any more: the other side is gone or <see cref="RunAsync"/> has ended otherwise.</summary>
    public CancellationToken Ended { get; }

    /// <summary>Reads until the other side is gone, breaks the rules, or <paramref name="cancellationToken"/> says so.</summary>
    /// <exception cref="SpdyException">It broke them.</exception>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        try
        {
            while (await FillAsync(SpdyFrameHeader.Size, cancellationToken))
            {
                var header = SpdyFrameHeader.Read(_buffer.AsSpan(_start));
                _start += SpdyFrameHeader.Size;
                if (!await (header.IsControl ? ReadControlAsync(header, cancellationToken) : ReadDataAsync(header, cancellationToken)))
                {
                    return;
                }
            }
        }
        catch (IOException exception) when (exception is not SpdyException)
        {
            // The other side is gone.
        }
        finally
        {
            _accepted.Writer.TryComplete();
            foreach (var stream in TakeAll())
            {
                stream.Abort();
            }

            await _ended.CancelAsync();
        }
    }

    /// <summary>Says that no stream will be taken any more.</summary>
    public ValueTask GoAwayAsync(CancellationToken cancellationToken)
    {
        var payload = new byte[8];
        BinaryPrimitives.WriteUInt32BigEndian(payload, _lastId);
        return SendControlAsync(SpdyFrameType.GoAway, payload, cancellationToken);
    }

    public async ValueTask DisposeAsync()
    {
        // Whoever writes has the frame; the transport is not ours to close.
        await _writing.WaitAsync();
        _headers.Dispose();
        _replies.Dispose();
        _ended.Dispose();
        _writing.Dispose();
    }

    internal async ValueTask SendDataAsync(uint streamId, ReadOnlyMemory<byte> data, bool isLast, CancellationToken cancellationToken)
    {
        await _writing.WaitAsync(cancellationToken);
        try
        {
            do
            {
                var piece = data[..Math.Min(data.Length, MostDataBytes)];
                data = data[piece.Length..];
                SpdyFrameHeader.WriteData(_frame, streamId, isLast && data.IsEmpty ? SpdyFrameHeader.Fin : (byte)0, piece.Length);
                piece.CopyTo(_frame.AsMemory(SpdyFrameHeader.Size));
                // Not the caller's token: half a frame would end the connection for all streams.
                await _transport.WriteAsync(_frame.AsMemory(0, SpdyFrameHeader.Size + piece.Length), Ended);
            }
            while (!data.IsEmpty);
        }
        finally
        {
            _writing.Release();
        }
    }

    internal void ForgetIfOver(SpdyStream stream)
    {
        if (stream.IsOver)
        {
            lock (_lock)
            {
                _streams.Remove(stream.Id);
            }
        }
    }

    private async Task<bool> ReadDataAsync(SpdyFrameHeader header, CancellationToken cancellationToken)
    {
        var stream = Find(header.StreamId);
        for (var left = header.Length; left > 0;)
        {
            if (!await FillAsync(1, cancellationToken))
            {
                return false;
            }

            var count = Math.Min(left, _end - _start);
            if (stream is not null)
            {
                await stream.ReceiveAsync(_buffer.AsMemory(_start, count), cancellationToken);
            }

            _start += count;
            left -= count;
        }

        if (header.IsFin && stream is { IsReceiving: true })
        {
            stream.EndReceiving();
            ForgetIfOver(stream);
        }

        return true;
    }

    private async Task<bool> ReadControlAsync(SpdyFrameHeader header, CancellationToken cancellationToken)
    {
        if (header.Length > MostControlBytes)
        {
            throw new SpdyException($"a control frame has {header.Length} bytes");
        }

        var payload = new byte[header.Length];
        for (var filled = 0; filled < payload.Length;)
        {
            if (!await FillAsync(1, cancellationToken))
            {
                return false;
            }

            var count = Math.Min(payload.Length - filled, _end - _start);
            _buffer.AsSpan(_start, count).CopyTo(payload.AsSpan(filled));
            _start += count;
            filled += count;
        }

        switch (header.Type)
        {
            case SpdyFrameType.SynStream:
                await AcceptAsync(Sized(payload, 10), header.IsFin, cancellationToken);
                break;
            case SpdyFrameType.SynReply or SpdyFrameType.Headers:
                // Not wanted, but the next block builds upon it.
                _headers.Read(Sized(payload, 4).AsMemory(4));
                break;
            case SpdyFrameType.RstStream when Find(SpdyFrameHeader.ReadStreamId(Sized(payload, 8))) is { } stream:
                stream.Abort();
                ForgetIfOver(stream);
                break;
            case SpdyFrameType.Ping when (Sized(payload, 4)[3] & 1) != 0:
                await SendControlAsync(SpdyFrameType.Ping, payload, cancellationToken);
                break;
        }

        return true;
    }

    private async ValueTask AcceptAsync(byte[] payload, bool isLast, CancellationToken cancellationToken)
    {
        var id = SpdyFrameHeader.ReadStreamId(payload);
        var headers = _headers.Read(payload.AsMemory(10));
        if ((id & 1) == 0 || id <= _lastId)
        {
            throw new SpdyException($"stream {id} is opened after stream {_lastId}");
        }

        _lastId = id;
        var answer = new byte[8];
        BinaryPrimitives.WriteUInt32BigEndian(answer, id);
        var stream = new SpdyStream(this, id, headers);
        if (!TryAdd(stream))
        {
            BinaryPrimitives.WriteUInt32BigEndian(answer.AsSpan(4), RefusedStream);
            await SendControlAsync(SpdyFrameType.RstStream, answer, cancellationToken);
            return;
        }

        if (isLast)
        {
            stream.EndReceiving();
        }

        await SendControlAsync(SpdyFrameType.SynReply, [.. answer[..4], .. _replies.Write(NoHeaders)], cancellationToken);
    }

    /// <summary>Not when too many are open, or wait to be seen.</summary>
    private bool TryAdd(SpdyStream stream)
    {
        lock (_lock)
        {
            return _streams.Count < MostStreams && _accepted.Writer.TryWrite(stream) && _streams.TryAdd(stream.Id, stream);
        }
    }

    private async ValueTask SendControlAsync(SpdyFrameType type, byte[] payload, CancellationToken cancellationToken)
    {
        await _writing.WaitAsync(cancellationToken);
        try
        {
            SpdyFrameHeader.WriteControl(_frame, type, 0, payload.Length);
            payload.CopyTo(_frame, SpdyFrameHeader.Size);
            await _transport.WriteAsync(_frame.AsMemory(0, SpdyFrameHeader.Size + payload.Length), Ended);
        }
        finally
        {
            _writing.Release();
        }
    }

    /// <summary>False when the other side ended before so much came.</summary>
    private async ValueTask<bool> FillAsync(int least, CancellationToken cancellationToken)
    {
        if (_start == _end)
        {
            _start = _end = 0;
        }
        else if (_buffer.Length - _start < least)
        {
            _buffer.AsSpan(_start, _end - _start).CopyTo(_buffer);
            (_start, _end) = (0, _end - _start);
        }

        while (_end - _start < least)
        {
            var count = await _transport.ReadAsync(_buffer.AsMemory(_end), cancellationToken);
            if (count == 0)
            {
                return false;
            }

            _end += count;
        }

        return true;
    }

    private static byte[] Sized(byte[] payload, int least) =>
        payload.Length >= least ? payload : throw new SpdyException("a control frame is too short");

    private SpdyStream? Find(uint id)
    {
        lock (_lock)
        {
            return _streams.GetValueOrDefault(id);
        }
    }

    private List<SpdyStream> TakeAll()
    {
        lock (_lock)
        {
            List<SpdyStream> all = [.. _streams.Values];
            _streams.Clear();
            return all;
        }
    }
}
