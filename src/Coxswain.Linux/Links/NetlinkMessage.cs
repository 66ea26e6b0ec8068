using System.Buffers.Binary;
using System.Text;

namespace Coxswain.Linux.Links;

/// <summary>Builds one or several netlink messages, one behind the other, in the kernel's layout.</summary>
internal sealed class NetlinkMessage
{
    public const int HeaderBytes = 16;

    private byte[] _buffer = new byte[512];
    private int _length;
    private int _start;

    public ReadOnlyMemory<byte> Bytes => _buffer.AsMemory(0, _length);

    public int Count { get; private set; }

    /// <summary>Begins a message; its sequence number is its position in the batch.</summary>
    public NetlinkMessage Begin(ushort type, NetlinkFlags flags)
    {
        _start = _length;
        var header = Extend(HeaderBytes);
        BinaryPrimitives.WriteUInt16LittleEndian(header[4..], type);
        BinaryPrimitives.WriteUInt16LittleEndian(header[6..], (ushort)flags);
        BinaryPrimitives.WriteInt32LittleEndian(header[8..], Count++);
        return this;
    }

    public void End() => BinaryPrimitives.WriteInt32LittleEndian(_buffer.AsSpan(_start), _length - _start);

    /// <summary>struct ifinfomsg.</summary>
    public NetlinkMessage LinkHeader(int index, uint flags, uint changed)
    {
        var body = Extend(16);
        BinaryPrimitives.WriteInt32LittleEndian(body[4..], index);
        BinaryPrimitives.WriteUInt32LittleEndian(body[8..], flags);
        BinaryPrimitives.WriteUInt32LittleEndian(body[12..], changed);
        return this;
    }

    /// <summary>The fixed part of an address or route message.</summary>
    public NetlinkMessage Raw(params ReadOnlySpan<byte> bytes)
    {
        bytes.CopyTo(Extend(Align(bytes.Length)));
        return this;
    }

    public NetlinkMessage Attribute(ushort type, ReadOnlySpan<byte> value)
    {
        var body = Extend(4 + Align(value.Length));
        BinaryPrimitives.WriteUInt16LittleEndian(body, (ushort)(4 + value.Length));
        BinaryPrimitives.WriteUInt16LittleEndian(body[2..], type);
        value.CopyTo(body[4..]);
        return this;
    }

    public NetlinkMessage Attribute(ushort type, int value)
    {
        Span<byte> bytes = stackalloc byte[4];
        BinaryPrimitives.WriteInt32LittleEndian(bytes, value);
        return Attribute(type, bytes);
    }

    public NetlinkMessage Attribute(ushort type, string value) =>
        Attribute(type, Encoding.ASCII.GetBytes(value + '\0'));

    public NetlinkMessage Nested(ushort type, Action<NetlinkMessage> content)
    {
        var start = _length;
        Extend(4);
        content(this);
        BinaryPrimitives.WriteUInt16LittleEndian(_buffer.AsSpan(start), (ushort)(_length - start));
        BinaryPrimitives.WriteUInt16LittleEndian(_buffer.AsSpan(start + 2), type);
        return this;
    }

    private static int Align(int length) => (length + 3) & ~3;

    private Span<byte> Extend(int count)
    {
        if (_length + count > _buffer.Length)
        {
            Array.Resize(ref _buffer, Math.Max(_buffer.Length * 2, _length + count));
        }

        var span = _buffer.AsSpan(_length, count);
        span.Clear();
        _length += count;
        return span;
    }
}

/// <summary>nlmsg_flags; those above Ack mean different things for reads and for writes.</summary>
[Flags]
internal enum NetlinkFlags : ushort
{
    Request = 1,
    Ack = 4,
    Dump = 0x300,
    Replace = 0x100,
    Exclusive = 0x200,
    Create = 0x400,
}
