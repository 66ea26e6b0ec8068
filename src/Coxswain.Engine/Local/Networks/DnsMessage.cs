using System.Buffers.Binary;
using System.Globalization;
using System.Net;
using System.Text;

namespace Coxswain.Engine.Local.Networks;

/// <summary>As much of a DNS query as is needed to answer for containers, and the answers.</summary>
internal sealed class DnsMessage
{
    public const ushort Address4 = 1;
    public const ushort Address6 = 28;
    public const ushort Pointer = 12;

    private const int HeaderBytes = 12;
    private const int LongestLabel = 63;
    private const int LongestName = 255;
    private const ushort Internet = 1;
    private const uint LifeSeconds = 600;
    private const ushort Answered = 0x8180; // A response, recursion desired and available.
    private const ushort ServerFailure = 2;

    private readonly byte[] _question;
    private readonly ushort _id;

    private DnsMessage(ushort id, string name, ushort type, byte[] question)
    {
        _id = id;
        Name = name;
        Type = type;
        _question = question;
    }

    /// <summary>Without the final dot.</summary>
    public string Name { get; }

    public ushort Type { get; }

    /// <summary>The address a name such as <c>2.0.18.172.in-addr.arpa</c> asks for; null when it is none.</summary>
    public IPAddress? ReverseAddress
    {
        get
        {
            const string Suffix = ".in-addr.arpa";
            return Name.EndsWith(Suffix, StringComparison.OrdinalIgnoreCase)
                && IPAddress.TryParse(string.Join('.', Name[..^Suffix.Length].Split('.').Reverse()), out var address)
                ? address
                : null;
        }
    }

    /// <summary>Null for what is not a plain query of one question.</summary>
    public static DnsMessage? TryParse(ReadOnlySpan<byte> packet)
    {
        if (packet.Length < HeaderBytes || (packet[2] & 0xF8) != 0 || BinaryPrimitives.ReadUInt16BigEndian(packet[4..]) != 1)
        {
            return null;
        }

        var name = new StringBuilder();
        var at = HeaderBytes;
        while (at < packet.Length && packet[at] != 0)
        {
            var length = packet[at];
            if (length > LongestLabel || at + 1 + length >= packet.Length || name.Length + length > LongestName)
            {
                return null;
            }

            name.Append(name.Length > 0 ? "." : "").Append(Encoding.ASCII.GetString(packet.Slice(at + 1, length)));
            at += 1 + length;
        }

        var end = at + 5;
        return end > packet.Length
            ? null
            : new DnsMessage(
                BinaryPrimitives.ReadUInt16BigEndian(packet), name.ToString(), BinaryPrimitives.ReadUInt16BigEndian(packet[(at + 1)..]),
                packet[HeaderBytes..end].ToArray());
    }

    /// <summary>None for a name that is there but has nothing of that type.</summary>
    public byte[] Answer(IReadOnlyList<IPAddress> addresses) => Write(0, [.. addresses.Select(address => address.GetAddressBytes())], Address4);

    public byte[] Answer(string name)
    {
        var data = new List<byte>();
        foreach (var label in name.Split('.', StringSplitOptions.RemoveEmptyEntries))
        {
            var bytes = Encoding.ASCII.GetBytes(label);
            data.Add((byte)Math.Min(bytes.Length, LongestLabel));
            data.AddRange(bytes.Take(LongestLabel));
        }

        data.Add(0);
        return Write(0, [[.. data]], Pointer);
    }

    public byte[] Failure() => Write(ServerFailure, [], Address4);

    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Name} {Type}");

    private byte[] Write(ushort code, IReadOnlyList<byte[]> answers, ushort type)
    {
        var message = new byte[HeaderBytes + _question.Length + answers.Sum(answer => 12 + answer.Length)];
        BinaryPrimitives.WriteUInt16BigEndian(message, _id);
        BinaryPrimitives.WriteUInt16BigEndian(message.AsSpan(2), (ushort)(Answered | code));
        BinaryPrimitives.WriteUInt16BigEndian(message.AsSpan(4), 1);
        BinaryPrimitives.WriteUInt16BigEndian(message.AsSpan(6), (ushort)answers.Count);
        _question.CopyTo(message, HeaderBytes);
        var at = HeaderBytes + _question.Length;
        foreach (var answer in answers)
        {
            var record = message.AsSpan(at);
            BinaryPrimitives.WriteUInt16BigEndian(record, 0xC000 | HeaderBytes); // The question's name.
            BinaryPrimitives.WriteUInt16BigEndian(record[2..], type);
            BinaryPrimitives.WriteUInt16BigEndian(record[4..], Internet);
            BinaryPrimitives.WriteUInt32BigEndian(record[6..], LifeSeconds);
            BinaryPrimitives.WriteUInt16BigEndian(record[10..], (ushort)answer.Length);
            answer.CopyTo(record[12..]);
            at += 12 + answer.Length;
        }

        return message;
    }
}
