using System.Buffers.Binary;
using System.Text;

namespace Coxswain.Network.Dns;

/// <summary>A query as read from the wire.</summary>
/// <param name="Name">Lower case, without the last dot; a dot inside a label is written <c>\.</c>, which no name of ours has.</param>
/// <param name="QuestionLength">Bytes of the question behind the header, to be echoed as they are.</param>
/// <param name="UdpSize">The largest datagram the client takes.</param>
internal sealed record DnsQuery(
    ushort Id, bool RecursionDesired, string Name, DnsType Type, ushort Class, int QuestionLength, bool HasEdns, int UdpSize)
{
    public const int HeaderLength = 12;
    private const int PlainUdpSize = 512;
    private const int LargestUdpSize = 4096;
    private const int LongestName = 255;

    /// <summary>Reads a query.</summary>
    /// <returns>
    /// Null with <see cref="DnsResponseCode.NoError"/> when it deserves no answer at all (too short for a header, or itself
    /// an answer), null with another code when that is the answer.
    /// </returns>
    public static DnsQuery? Parse(ReadOnlySpan<byte> message, out DnsResponseCode refusal)
    {
        refusal = DnsResponseCode.NoError;
        if (message.Length < HeaderLength || (message[2] & 0x80) != 0)
        {
            return null;
        }

        if ((message[2] & 0x78) != 0)
        {
            refusal = DnsResponseCode.NotImplemented;
            return null;
        }

        refusal = DnsResponseCode.FormatError;
        var name = new StringBuilder();
        var offset = HeaderLength;
        if (Count(message, 4) != 1 || !TryReadName(message, ref offset, name) || offset + 4 > message.Length)
        {
            return null;
        }

        var type = (DnsType)Count(message, offset);
        var @class = (ushort)Count(message, offset + 2);
        var questionLength = offset + 4 - HeaderLength;
        offset += 4;
        int? edns = null;
        for (var records = Count(message, 6) + Count(message, 8) + Count(message, 10); records > 0; records--)
        {
            if (!DnsWire.TrySkipRecord(message, ref offset, out var record))
            {
                return null;
            }

            edns = record.Type == DnsType.OPT ? record.Class : edns;
        }

        refusal = DnsResponseCode.NoError;
        return new DnsQuery(
            (ushort)Count(message, 0),
            (message[2] & 1) != 0,
            name.ToString(),
            type,
            @class,
            questionLength,
            edns is not null,
            Math.Clamp(edns ?? PlainUdpSize, PlainUdpSize, LargestUdpSize));
    }

    /// <summary>The first name of a message has nothing before it to point to, so a compressed one is refused.</summary>
    private static bool TryReadName(ReadOnlySpan<byte> message, ref int offset, StringBuilder name)
    {
        var start = offset;
        while (offset < message.Length)
        {
            int length = message[offset++];
            if (length == 0)
            {
                return true;
            }

            if (length > 63 || offset + length > message.Length || offset + length - start >= LongestName)
            {
                return false;
            }

            name.Append(name.Length == 0 ? "" : ".");
            foreach (var octet in message.Slice(offset, length))
            {
                var character = char.ToLowerInvariant((char)octet);
                name.Append(character == '.' ? "\\." : character.ToString());
            }

            offset += length;
        }

        return false;
    }

    private static int Count(ReadOnlySpan<byte> message, int offset) => BinaryPrimitives.ReadUInt16BigEndian(message[offset..]);
}
