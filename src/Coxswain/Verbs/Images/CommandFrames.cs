using System.Buffers.Binary;
using System.Text;

namespace Coxswain.Verbs.Images;

/// <summary>Which stream of the caller a frame belongs to.</summary>
internal enum FrameKind : byte
{
    Output = 1,
    Error = 2,

    /// <summary>The last one: its content is the exit code, in decimal.</summary>
    Exit = 3,
}

/// <summary>
/// Output, errors and the exit code of a verb on one connection, each piece behind a header of eight bytes: the kind,
/// three zeros and the big-endian length, as Docker frames the streams of a container.
/// </summary>
internal sealed class CommandFrames(Stream stream)
{
    private const int HeaderBytes = 8;
    private const int MostBytes = 1 << 20;

    private readonly Lock _lock = new();

    public void Write(FrameKind kind, ReadOnlySpan<byte> content)
    {
        Span<byte> header = stackalloc byte[HeaderBytes];
        header.Clear();
        while (true)
        {
            var piece = content[..Math.Min(content.Length, MostBytes)];
            header[0] = (byte)kind;
            BinaryPrimitives.WriteInt32BigEndian(header[4..], piece.Length);
            lock (_lock)
            {
                stream.Write(header);
                stream.Write(piece);
                stream.Flush();
            }

            content = content[piece.Length..];
            if (content.Length == 0)
            {
                return;
            }
        }
    }

    /// <summary>Text of the caller's output or error stream.</summary>
    public TextWriter Writer(FrameKind kind) => new FrameWriter(this, kind);

    /// <summary>The caller's output, for bytes.</summary>
    public Stream OutputStream() => new FrameStream(this);

    /// <summary>Reads frames until the one with the exit code, and gives their contents to the sinks.</summary>
    /// <exception cref="InvalidDataException">The connection ended first, or does not speak this.</exception>
    public static async Task<int> ReadAsync(Stream source, Stream output, Stream error, CancellationToken cancellationToken)
    {
        var header = new byte[HeaderBytes];
        while (await source.ReadAtLeastAsync(header, HeaderBytes, throwOnEndOfStream: false, cancellationToken) == HeaderBytes)
        {
            var length = BinaryPrimitives.ReadInt32BigEndian(header.AsSpan(4));
            if (length is < 0 or > MostBytes)
            {
                throw new InvalidDataException("the server answered something that is not understood");
            }

            var content = new byte[length];
            await source.ReadExactlyAsync(content, cancellationToken);
            switch ((FrameKind)header[0])
            {
                case FrameKind.Output:
                    await output.WriteAsync(content, cancellationToken);
                    await output.FlushAsync(cancellationToken);
                    break;
                case FrameKind.Error:
                    await error.WriteAsync(content, cancellationToken);
                    break;
                case FrameKind.Exit when int.TryParse(Encoding.ASCII.GetString(content), out var code):
                    return code;
                default:
                    throw new InvalidDataException("the server answered something that is not understood");
            }
        }

        throw new InvalidDataException("the server ended before the command did; see 'coxswain status'");
    }

    private sealed class FrameWriter(CommandFrames frames, FrameKind kind) : TextWriter
    {
        public override Encoding Encoding => Encoding.UTF8;

        public override void Write(char value) => Write(value.ToString());

        public override void Write(string? value)
        {
            if (!string.IsNullOrEmpty(value))
            {
                frames.Write(kind, Encoding.GetBytes(value));
            }
        }

        public override void WriteLine(string? value) => Write(value + "\n");

        public override Task WriteLineAsync(string? value)
        {
            WriteLine(value);
            return Task.CompletedTask;
        }
    }

    private sealed class FrameStream(CommandFrames frames) : Stream
    {
        public override bool CanRead => false;

        public override bool CanSeek => false;

        public override bool CanWrite => true;

        public override long Length => throw new NotSupportedException();

        public override long Position
        {
            get => throw new NotSupportedException();
            set => throw new NotSupportedException();
        }

        public override void Flush()
        {
        }

        public override void Write(byte[] buffer, int offset, int count) => frames.Write(FrameKind.Output, buffer.AsSpan(offset, count));

        public override void Write(ReadOnlySpan<byte> buffer) => frames.Write(FrameKind.Output, buffer);

        public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();
    }
}
