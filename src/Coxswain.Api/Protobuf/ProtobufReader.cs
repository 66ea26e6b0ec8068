using System.Buffers.Binary;

namespace Coxswain.Api.Protobuf;

/// <summary>Reads the fields of one protobuf message, one after the other.</summary>
internal ref struct ProtobufReader(ReadOnlySpan<byte> bytes)
{
    private ReadOnlySpan<byte> _rest = bytes;

    public int Field { get; private set; }

    /// <summary>The value of a numeric field.</summary>
    public ulong Number { get; private set; }

    /// <summary>The bytes of a length-delimited field.</summary>
    public ReadOnlySpan<byte> Bytes { get; private set; }

    /// <summary>Moves to the next field; false at the end.</summary>
    /// <exception cref="FormatException">The bytes are not a message.</exception>
    public bool Next()
    {
        if (_rest.IsEmpty)
        {
            return false;
        }

        var tag = Varint();
        Field = (int)(tag >> 3);
        Bytes = default;
        Number = 0;
        switch ((int)(tag & 7))
        {
            case 0:
                Number = Varint();
                break;
            case 1:
                Number = BinaryPrimitives.ReadUInt64LittleEndian(Take(8));
                break;
            case 2:
                var length = Varint();
                Bytes = length <= int.MaxValue ? Take((int)length) : throw Truncated();
                break;
            case 5:
                Number = BinaryPrimitives.ReadUInt32LittleEndian(Take(4));
                break;
            default:
                throw new FormatException("proto: illegal wire type");
        }

        return true;
    }

    private ulong Varint()
    {
        ulong value = 0;
        for (var shift = 0; shift < 64; shift += 7)
        {
            var part = Take(1)[0];
            value |= (ulong)(part & 0x7f) << shift;
            if (part < 0x80)
            {
                return value;
            }
        }

        throw new FormatException("proto: integer overflow");
    }

    private ReadOnlySpan<byte> Take(int count)
    {
        if (count > _rest.Length)
        {
            throw Truncated();
        }

        var taken = _rest[..count];
        _rest = _rest[count..];
        return taken;
    }

    private static FormatException Truncated() => new("unexpected EOF");
}
