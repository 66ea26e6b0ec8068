using System.IO.Pipelines;

namespace Coxswain.Node.Streaming.Spdy;

/// <summary>One stream of a connection, opened by the other side. Each direction ends by itself.</summary>
#pragma warning disable CA1001 // A source without a timer has nothing to give back, and its token outlives the stream.
internal sealed class SpdyStream
#pragma warning restore CA1001
{
    /// <summary>How much of what was received waits to be read; then the whole connection is not read from, as there are no windows.</summary>
    public const int MostBufferedBytes = 128 * 1024;

    private readonly SpdyConnection _connection;
    private readonly Pipe _received = new(new PipeOptions(
        pauseWriterThreshold: MostBufferedBytes, resumeWriterThreshold: MostBufferedBytes / 2, minimumSegmentSize: 16 * 1024,
        useSynchronizationContext: false));

    private readonly CancellationTokenSource _aborted = new();
    private bool _receiving = true;
    private int _sending = 1;

    public SpdyStream(SpdyConnection connection, uint id, IReadOnlyDictionary<string, string> headers)
    {
        _connection = connection;
        Id = id;
        Headers = headers;
        Aborted = _aborted.Token;
    }

    public uint Id { get; }

    /// <summary>Those it was opened with, names in lower case.</summary>
    public IReadOnlyDictionary<string, string> Headers { get; }

    /// <summary>What the other side sends; complete it when no more is wanted, and the rest is passed over.</summary>
    public PipeReader Input => _received.Reader;

    /// <summary>The other side gave the stream up, or is gone.</summary>
    public CancellationToken Aborted { get; }

    /// <summary>Only the connection asks, whose reading changes it.</summary>
    internal bool IsReceiving => _receiving;

    internal bool IsOver => !_receiving && Volatile.Read(ref _sending) == 0;

    public ValueTask WriteAsync(ReadOnlyMemory<byte> data, CancellationToken cancellationToken) =>
        Volatile.Read(ref _sending) == 0 || Aborted.IsCancellationRequested
            ? throw new IOException($"stream {Id} is closed")
            : _connection.SendDataAsync(Id, data, isLast: false, cancellationToken);

    /// <summary>Ends what we send. Idempotent.</summary>
    public async ValueTask CloseAsync(CancellationToken cancellationToken)
    {
        if (Interlocked.Exchange(ref _sending, 0) != 0 && !Aborted.IsCancellationRequested)
        {
            await _connection.SendDataAsync(Id, default, isLast: true, cancellationToken);
            _connection.ForgetIfOver(this);
        }
    }

    internal async ValueTask ReceiveAsync(ReadOnlyMemory<byte> data, CancellationToken cancellationToken)
    {
        if (_receiving)
        {
            await _received.Writer.WriteAsync(data, cancellationToken);
        }
    }

    internal void EndReceiving()
    {
        _receiving = false;
        _received.Writer.Complete();
    }

    internal void Abort()
    {
        _receiving = false;
        Interlocked.Exchange(ref _sending, 0);
        _received.Writer.Complete(new IOException($"stream {Id} was given up"));
        _aborted.Cancel();
    }
}
