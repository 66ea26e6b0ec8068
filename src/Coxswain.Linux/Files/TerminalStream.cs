using Coxswain.Linux.Interop;
using Coxswain.Linux.Processes;
using Microsoft.Win32.SafeHandles;

namespace Coxswain.Linux.Files;

/// <summary>
/// The master side of a pseudo-terminal. Waiting to read holds no thread. Whatever is on its way holds the descriptor open, so that
/// its number cannot come back as another file meanwhile; the last to end closes it.
/// </summary>
internal sealed class TerminalStream(SafeFileHandle handle, KernelEvents events) : Stream
{
    private const int EIO = 5;

    private readonly CancellationTokenSource _closed = new();

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
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, _closed.Token);
        var held = false;
        try
        {
            handle.DangerousAddRef(ref held);
            await events.WaitReadableAsync((int)handle.DangerousGetHandle(), either.Token);
            return ReadNow(buffer.Span);
        }
        catch (Exception exception) when (exception is OperationCanceledException or ObjectDisposedException && _closed.IsCancellationRequested)
        {
            return 0;
        }
        finally
        {
            if (held)
            {
                handle.DangerousRelease();
            }
        }
    }

    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    // A terminal nobody reads from takes 4 KB and then blocks its writer, so this is not for the caller's thread.
    public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default) =>
        new(Task.Run(() => WriteNow(buffer.Span), cancellationToken));

    public override Task WriteAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        WriteAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException("read asynchronously");

    public override void Write(byte[] buffer, int offset, int count) => WriteNow(buffer.AsSpan(offset, count));

    public override void Flush()
    {
    }

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    protected override void Dispose(bool disposing)
    {
        if (disposing && !handle.IsClosed)
        {
            _closed.Cancel();
            handle.Dispose();
        }

        base.Dispose(disposing);
    }

    private unsafe int ReadNow(Span<byte> buffer)
    {
        fixed (byte* bytes = buffer)
        {
            var count = LibC.read((int)handle.DangerousGetHandle(), bytes, buffer.Length);
            if (count >= 0)
            {
                return (int)count;
            }

            // How the kernel says that the last process has closed the other side.
            var errno = LibC.Errno;
            return errno == EIO ? 0 : throw new LinuxException("read from a terminal", errno);
        }
    }

    private unsafe void WriteNow(ReadOnlySpan<byte> data)
    {
        var held = false;
        try
        {
            handle.DangerousAddRef(ref held);
            while (data.Length > 0)
            {
                fixed (byte* bytes = data)
                {
                    var count = LibC.write((int)handle.DangerousGetHandle(), bytes, data.Length);
                    data = count >= 0 ? data[(int)count..] : throw new LinuxException("write to a terminal", LibC.Errno);
                }
            }
        }
        finally
        {
            if (held)
            {
                handle.DangerousRelease();
            }
        }
    }
}
