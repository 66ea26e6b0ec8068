using System.IO.Compression;

namespace Coxswain.Engine.Images.Layers;

/// <summary>Tells how an archive is compressed by its first bytes, as Docker does: names and media types are often wrong.</summary>
internal static class Compression
{
    private static ReadOnlySpan<byte> ZstdMagic => [0x28, 0xB5, 0x2F, 0xFD];

    private static ReadOnlySpan<byte> XzMagic => [0xFD, (byte)'7', (byte)'z', (byte)'X', (byte)'Z'];

    /// <summary>The content of a plain or gzip stream, which need not seek.</summary>
    public static Stream OpenRead(Stream source)
    {
        var start = new byte[6];
        var count = source.ReadAtLeast(start, start.Length, throwOnEndOfStream: false);
        ReadOnlySpan<byte> head = start.AsSpan(0, count);
        var unsupported = head.StartsWith(ZstdMagic) ? "zstd" : head.StartsWith(XzMagic) ? "xz" : head.StartsWith("BZh"u8) ? "bzip2" : null;
        if (unsupported is not null)
        {
            throw new ImageException(
                ImageErrorKind.Unsupported, $"{unsupported} compression is not supported: use gzip or an uncompressed tar");
        }

        var whole = new PrefixedStream(start.AsMemory(0, count), source);
        return IsGzip(head) ? new GZipStream(whole, CompressionMode.Decompress) : whole;
    }

    public static bool IsGzip(ReadOnlySpan<byte> head) => head.Length >= 2 && head[0] == 0x1F && head[1] == 0x8B;

    public static bool IsGzipFile(string path)
    {
        using var file = File.OpenRead(path);
        Span<byte> head = stackalloc byte[2];
        return IsGzip(head[..file.ReadAtLeast(head, 2, throwOnEndOfStream: false)]);
    }

    /// <summary>Gives bytes that were read ahead once more, then the rest.</summary>
    private sealed class PrefixedStream(ReadOnlyMemory<byte> prefix, Stream rest) : Stream
    {
        private ReadOnlyMemory<byte> _prefix = prefix;

        public override bool CanRead => true;

        public override bool CanSeek => false;

        public override bool CanWrite => false;

        public override long Length => throw new NotSupportedException();

        public override long Position
        {
            get => throw new NotSupportedException();
            set => throw new NotSupportedException();
        }

        public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

        public override int Read(Span<byte> buffer)
        {
            if (_prefix.Length == 0)
            {
                return rest.Read(buffer);
            }

            var count = Math.Min(buffer.Length, _prefix.Length);
            _prefix.Span[..count].CopyTo(buffer);
            _prefix = _prefix[count..];
            return count;
        }

        public override void Flush()
        {
        }

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
    }
}
