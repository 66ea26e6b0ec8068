using System.Buffers.Binary;
using System.IO.Compression;
using System.Text;

namespace Coxswain.Node.Streaming.Spdy;

/// <summary>
/// Reads header blocks: names and values, compressed over the whole connection with a dictionary known beforehand. .NET's inflater
/// knows no dictionaries, so it is given one as what came first: a stored block of the dictionary, whose output is passed over.
/// </summary>
internal sealed class SpdyHeaderReader : IDisposable
{
    /// <summary>Of one block, uncompressed. What Kubernetes sends has some 100 bytes.</summary>
    public const int MostBytes = 64 * 1024;

    /// <summary>Of one block.</summary>
    public const int MostHeaders = 128;

    private const int ZlibHeaderBytes = 2;
    private const int DictionaryIdBytes = 4;
    private const byte HasDictionary = 0x20;

    private readonly Feed _feed = new();
    private readonly DeflateStream _inflater;
    private bool _begun;

    public SpdyHeaderReader() => _inflater = new DeflateStream(_feed, CompressionMode.Decompress);

    /// <summary>Names in lower case. Blocks must be read in the order they came, all of them.</summary>
    /// <exception cref="SpdyException">It is no header block, or too large a one.</exception>
    public IReadOnlyDictionary<string, string> Read(ReadOnlyMemory<byte> block)
    {
        try
        {
            _feed.Next = _begun ? block : Begin(block);
            var left = MostBytes;
            var count = ReadLength(ref left, MostHeaders);
            var headers = new Dictionary<string, string>(StringComparer.Ordinal);
            for (var i = 0; i < count; i++)
            {
                var name = ReadText(ref left);
                if (!headers.TryAdd(name.ToLowerInvariant(), ReadText(ref left)))
                {
                    throw new SpdyException("a header block has a name twice");
                }
            }

            return _inflater.ReadByte() < 0 ? headers : throw new SpdyException("a header block goes on behind its end");
        }
        catch (InvalidDataException exception)
        {
            throw new SpdyException("a header block is not compressed as it should be", exception);
        }
    }

    public void Dispose() => _inflater.Dispose();

    private ReadOnlyMemory<byte> Begin(ReadOnlyMemory<byte> block)
    {
        if (block.Length < ZlibHeaderBytes + DictionaryIdBytes)
        {
            throw new SpdyException("the first header block is too short");
        }

        _begun = true;
        if ((block.Span[1] & HasDictionary) == 0)
        {
            return block[ZlibHeaderBytes..];
        }

        var dictionary = SpdyDictionary.Bytes.Span;
        var stored = new byte[5 + dictionary.Length];
        BinaryPrimitives.WriteUInt16LittleEndian(stored.AsSpan(1), (ushort)dictionary.Length);
        BinaryPrimitives.WriteUInt16LittleEndian(stored.AsSpan(3), (ushort)~dictionary.Length);
        dictionary.CopyTo(stored.AsSpan(5));
        _feed.Next = stored;
        _inflater.ReadExactly(new byte[dictionary.Length]);
        return block[(ZlibHeaderBytes + DictionaryIdBytes)..];
    }

    private string ReadText(ref int left)
    {
        var bytes = new byte[ReadLength(ref left, left)];
        Fill(bytes, ref left);
        return Encoding.Latin1.GetString(bytes);
    }

    private int ReadLength(ref int left, int most)
    {
        Span<byte> bytes = stackalloc byte[4];
        Fill(bytes, ref left);
        var length = BinaryPrimitives.ReadUInt32BigEndian(bytes);
        return length <= most ? (int)length : throw new SpdyException("a header block is too large");
    }

    private void Fill(Span<byte> bytes, ref int left)
    {
        left -= bytes.Length;
        if (left < 0)
        {
            throw new SpdyException("a header block is too large");
        }

        if (_inflater.ReadAtLeast(bytes, bytes.Length, throwOnEndOfStream: false) < bytes.Length)
        {
            throw new SpdyException("a header block ends too early");
        }
    }

    /// <summary>The compressed bytes as they come; its ends are only pauses.</summary>
    private sealed class Feed : Stream
    {
        public ReadOnlyMemory<byte> Next { get; set; }

        public override bool CanRead => true;

        public override bool CanSeek => false;

        public override bool CanWrite => false;

        public override long Length => throw new NotSupportedException();

        public override long Position
        {
            get => throw new NotSupportedException();
            set => throw new NotSupportedException();
        }

        public override int Read(Span<byte> buffer)
        {
            var count = Math.Min(buffer.Length, Next.Length);
            Next.Span[..count].CopyTo(buffer);
            Next = Next[count..];
            return count;
        }

        public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

        public override void Flush()
        {
        }

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
    }
}
