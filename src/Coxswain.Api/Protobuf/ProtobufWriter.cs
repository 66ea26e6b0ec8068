using System.Buffers.Binary;
using System.Text;

namespace Coxswain.Api.Protobuf;

/// <summary>Writes one protobuf message. Messages inside it are written in place and given their length when they are closed.</summary>
internal sealed class ProtobufWriter(int capacity)
{
    private byte[] _buffer = new byte[Math.Max(capacity, 64)];
    private int _length;

    public int Length => _length;

    public ReadOnlySpan<byte> Written => _buffer.AsSpan(0, _length);

    public static int VarintLength(ulong value)
    {
        var length = 1;
        while ((value >>= 7) != 0)
        {
            length++;
        }

        return length;
    }

    public void Number(int field, long value)
    {
        Tag(field, 0);
        Varint((ulong)value);
    }

    public void Double(int field, double value)
    {
        Tag(field, 1);
        BinaryPrimitives.WriteDoubleLittleEndian(Space(8), value);
    }

    public void Bytes(int field, ReadOnlySpan<byte> value)
    {
        Tag(field, 2);
        Varint((ulong)value.Length);
        value.CopyTo(Space(value.Length));
    }

    public void Text(int field, string value)
    {
        Tag(field, 2);
        var length = Encoding.UTF8.GetByteCount(value);
        Varint((ulong)length);
        Encoding.UTF8.GetBytes(value, Space(length));
    }

    /// <summary>The head of a field whose bytes the caller writes elsewhere.</summary>
    public void Head(int field, long length)
    {
        Tag(field, 2);
        Varint((ulong)length);
    }

    public void Raw(ReadOnlySpan<byte> bytes) => bytes.CopyTo(Space(bytes.Length));

    /// <summary>Begins a message or text inside this one.</summary>
    /// <returns>To be handed to <see cref="Close"/>.</returns>
    public int Open(int field)
    {
        Tag(field, 2);
        Space(1);
        return _length;
    }

    public void Close(int start)
    {
        var size = _length - start;
        var more = VarintLength((ulong)size) - 1;
        if (more > 0)
        {
            Space(more);
            Buffer.BlockCopy(_buffer, start, _buffer, start + more, size);
        }

        var end = _length;
        _length = start - 1;
        Varint((ulong)size);
        _length = end;
    }

    /// <summary>Forgets what was written from there on.</summary>
    public void Truncate(int length) => _length = length;

    /// <summary>Room for at most so many bytes, of which <see cref="Advance"/> says how many were used.</summary>
    public Span<byte> Reserve(int count)
    {
        if (_buffer.Length - _length < count)
        {
            Array.Resize(ref _buffer, Math.Max(_buffer.Length * 2, _length + count));
        }

        return _buffer.AsSpan(_length, count);
    }

    public void Advance(int count) => _length += count;

    private Span<byte> Space(int count)
    {
        var space = Reserve(count);
        _length += count;
        return space;
    }

    private void Tag(int field, int wireType) => Varint((ulong)((field << 3) | wireType));

    private void Varint(ulong value)
    {
        var space = Reserve(10);
        var i = 0;
        while (value >= 0x80)
        {
            space[i++] = (byte)(value | 0x80);
            value >>= 7;
        }

        space[i++] = (byte)value;
        _length += i;
    }
}
