namespace Coxswain.Node.Streaming.Upgrades;

/// <summary>Passes everything on, and tells when nothing has gone either way for too long.</summary>
internal sealed class IdleLimit : Stream
{
    private static readonly TimeSpan Resolution = TimeSpan.FromSeconds(1);

    private readonly Stream _inner;
    private readonly TimeSpan _limit;
    private readonly TimeProvider _time;
    private readonly CancellationTokenSource _idle;
    private long _touched;

    public IdleLimit(Stream inner, TimeSpan limit, TimeProvider time)
    {
        _inner = inner;
        _limit = limit;
        _time = time;
        _idle = new CancellationTokenSource(limit, time);
        _touched = time.GetTimestamp();
    }

    /// <summary>Cancelled once it has been idle for so long.</summary>
    public CancellationToken Idle => _idle.Token;

    public override bool CanRead => true;

    public override bool CanWrite => true;

    public override bool CanSeek => false;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        var count = await _inner.ReadAsync(buffer, cancellationToken);
        Touch();
        return count;
    }

    public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        Touch();
        return _inner.WriteAsync(buffer, cancellationToken);
    }

    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override Task WriteAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        WriteAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override Task FlushAsync(CancellationToken cancellationToken) => _inner.FlushAsync(cancellationToken);

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException("read asynchronously");

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException("write asynchronously");

    public override void Flush()
    {
    }

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            _idle.Dispose();
            _inner.Dispose();
        }

        base.Dispose(disposing);
    }

    /// <summary>Setting a timer for every frame would cost more than the frame.</summary>
    private void Touch()
    {
        var touched = Interlocked.Read(ref _touched);
        if (_time.GetElapsedTime(touched) >= Resolution)
        {
            Interlocked.Exchange(ref _touched, _time.GetTimestamp());
            _idle.CancelAfter(_limit);
        }
    }
}
