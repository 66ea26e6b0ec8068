using System.Buffers.Binary;
using System.IO.Compression;
using System.Text;

namespace Coxswain.Node.Streaming.Spdy;

/// <summary>Writes header blocks, without the dictionary: a reader takes them so, too.</summary>
internal sealed class SpdyHeaderWriter : IDisposable
{
    private readonly MemoryStream _compressed = new();
    private readonly ZLibStream _deflater;

    public SpdyHeaderWriter() => _deflater = new ZLibStream(_compressed, CompressionLevel.Fastest, leaveOpen: true);

    /// <summary>Blocks must be sent in the order they were made.</summary>
    public byte[] Write(IReadOnlyDictionary<string, string> headers)
    {
        WriteLength(headers.Count);
        foreach (var (name, value) in headers)
        {
            WriteText(name.ToLowerInvariant());
            WriteText(value);
        }

        _deflater.Flush();
        var block = _compressed.ToArray();
        _compressed.SetLength(0);
        return block;
    }

    public void Dispose() => _deflater.Dispose();

    private void WriteText(string text)
    {
        WriteLength(text.Length);
        _deflater.Write(Encoding.Latin1.GetBytes(text));
    }

    private void WriteLength(int length)
    {
        Span<byte> bytes = stackalloc byte[4];
        BinaryPrimitives.WriteInt32BigEndian(bytes, length);
        _deflater.Write(bytes);
    }
}
