using System.Buffers;
using System.IO.Pipelines;

namespace Coxswain.Client.Http;

/// <summary>
/// A server's TLS connection that has left HTTP, read and written as it is: the server's own buffers hold 4 KB and would cut all that
/// passes into records of that size.
/// </summary>
/// <param name="received">What the server has read of the connection already; it is taken first.</param>
/// <param name="tls">Not disposed with this: it is the server's.</param>
public sealed class UpgradedTlsStream(PipeReader received, Stream tls) : Stream
{
    private bool _isDirect;

    public override bool CanRead => true;

    public override bool CanWrite => true;

    public override bool CanSeek => false;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        if (!_isDirect && TryTake(buffer.Span, out var count))
        {
            return ValueTask.FromResult(count);
        }

        _isDirect = true;
        return tls.ReadAsync(buffer, cancellationToken);
    }

    public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default) =>
        tls.WriteAsync(buffer, cancellationToken);

    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override Task WriteAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        WriteAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override Task FlushAsync(CancellationToken cancellationToken) => tls.FlushAsync(cancellationToken);

    public override void Flush() => tls.Flush();

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException("read asynchronously");

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException("write asynchronously");

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    private bool TryTake(Span<byte> buffer, out int count)
    {
        count = 0;
        if (buffer.IsEmpty || !received.TryRead(out var result))
        {
            return false;
        }

        count = (int)Math.Min(buffer.Length, result.Buffer.Length);
        var taken = result.Buffer.Slice(0, count);
        taken.CopyTo(buffer);
        received.AdvanceTo(taken.End);
        return count > 0;
    }
}
