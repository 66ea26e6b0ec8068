using System.Buffers.Binary;

namespace Coxswain.Network.Dns;

/// <summary>A record's place in a message.</summary>
internal readonly record struct DnsWireRecord(DnsType Type, ushort Class, int TtlOffset, int DataOffset, int DataLength);

/// <summary>Finds its way through messages of others without reading more of them than it must.</summary>
internal static class DnsWire
{
    /// <summary>Steps over one record; false when the message ends before it does.</summary>
    public static bool TrySkipRecord(ReadOnlySpan<byte> message, ref int offset, out DnsWireRecord record)
    {
        record = default;
        if (!TrySkipName(message, ref offset) || offset + 10 > message.Length)
        {
            return false;
        }

        var length = BinaryPrimitives.ReadUInt16BigEndian(message[(offset + 8)..]);
        record = new DnsWireRecord(
            (DnsType)BinaryPrimitives.ReadUInt16BigEndian(message[offset..]),
            BinaryPrimitives.ReadUInt16BigEndian(message[(offset + 2)..]),
            offset + 4,
            offset + 10,
            length);
        offset += 10 + length;
        return offset <= message.Length;
    }

    /// <summary>Steps over a name. A pointer ends it and is not followed, so there is no loop to fall into.</summary>
    public static bool TrySkipName(ReadOnlySpan<byte> message, ref int offset)
    {
        while (offset < message.Length)
        {
            int length = message[offset];
            switch (length & 0xC0)
            {
                case 0xC0:
                    offset += 2;
                    return offset <= message.Length;
                case 0:
                    offset += 1 + length;
                    if (length == 0)
                    {
                        return true;
                    }

                    break;
                default:
                    return false;
            }
        }

        return false;
    }

    /// <summary>All records of an answer in order; null when it is not well-formed.</summary>
    public static IReadOnlyList<DnsWireRecord>? Records(ReadOnlySpan<byte> message)
    {
        if (message.Length < DnsQuery.HeaderLength)
        {
            return null;
        }

        var offset = DnsQuery.HeaderLength;
        for (var questions = BinaryPrimitives.ReadUInt16BigEndian(message[4..]); questions > 0; questions--)
        {
            if (!TrySkipName(message, ref offset) || (offset += 4) > message.Length)
            {
                return null;
            }
        }

        var records = new List<DnsWireRecord>();
        for (var section = 6; section <= 10; section += 2)
        {
            for (var count = BinaryPrimitives.ReadUInt16BigEndian(message[section..]); count > 0; count--)
            {
                if (!TrySkipRecord(message, ref offset, out var record))
                {
                    return null;
                }

                records.Add(record);
            }
        }

        return records;
    }
}
