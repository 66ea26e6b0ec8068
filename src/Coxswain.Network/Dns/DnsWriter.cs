using System.Buffers.Binary;
using System.Net;
using System.Text;

namespace Coxswain.Network.Dns;

/// <summary>Writes one answer, names compressed, and stops with the truncation bit where the client's limit is reached.</summary>
internal sealed class DnsWriter
{
    private const int EdnsLength = 11;
    private const int ServerUdpSize = 4096;

    private readonly byte[] _buffer;
    private readonly Dictionary<string, int> _names = new(StringComparer.Ordinal);
    private int _length;

    private DnsWriter(int limit) => _buffer = new byte[limit];

    /// <param name="message">The query's bytes.</param>
    /// <param name="limit">Largest answer in bytes.</param>
    public static byte[] Write(DnsQuery query, ReadOnlySpan<byte> message, DnsAnswer answer, int limit, int ttlSeconds)
    {
        var writer = new DnsWriter(limit);
        writer.WriteAnswer(query, message, answer, ttlSeconds);
        return writer._buffer[..writer._length];
    }

    /// <summary>An answer to a query that could not even be read: the header alone.</summary>
    public static byte[] Refuse(ReadOnlySpan<byte> message, DnsResponseCode code)
    {
        var header = new byte[DnsQuery.HeaderLength];
        message[..2].CopyTo(header);
        header[2] = (byte)(0x80 | (message[2] & 0x79));
        header[3] = (byte)code;
        return header;
    }

    private void WriteAnswer(DnsQuery query, ReadOnlySpan<byte> message, DnsAnswer answer, int ttlSeconds)
    {
        message[..(DnsQuery.HeaderLength + query.QuestionLength)].CopyTo(_buffer);
        _length = DnsQuery.HeaderLength + query.QuestionLength;
        Remember(query.Name, DnsQuery.HeaderLength);
        var end = _buffer.Length - (query.HasEdns ? EdnsLength : 0);
        var isTruncated = false;
        var counts = (stackalloc int[3]);
        var section = 0;
        foreach (var records in (ReadOnlySpan<IReadOnlyList<DnsRecord>>)[answer.Answers, answer.Authority, answer.Additional])
        {
            foreach (var record in records)
            {
                if (!TryWrite(record, end, ttlSeconds))
                {
                    // Additional records are a courtesy: leaving them out is no truncation.
                    isTruncated = section < 2;
                    break;
                }

                counts[section]++;
            }

            section++;
            if (isTruncated)
            {
                break;
            }
        }

        if (query.HasEdns)
        {
            WriteEdns();
            counts[2]++;
        }

        _buffer[2] = (byte)(0x84 | (isTruncated ? 2 : 0) | (query.RecursionDesired ? 1 : 0));
        _buffer[3] = (byte)(0x80 | (byte)answer.Code);
        BinaryPrimitives.WriteUInt16BigEndian(_buffer.AsSpan(4), 1);
        for (var i = 0; i < 3; i++)
        {
            BinaryPrimitives.WriteUInt16BigEndian(_buffer.AsSpan(6 + (2 * i)), (ushort)counts[i]);
        }
    }

    private void WriteEdns()
    {
        _buffer[_length] = 0;
        BinaryPrimitives.WriteUInt16BigEndian(_buffer.AsSpan(_length + 1), (ushort)DnsType.OPT);
        BinaryPrimitives.WriteUInt16BigEndian(_buffer.AsSpan(_length + 3), ServerUdpSize);
        _buffer.AsSpan(_length + 5, 6).Clear();
        _length += EdnsLength;
    }

    private bool TryWrite(DnsRecord record, int end, int ttlSeconds)
    {
        var start = _length;
        var fits = TryWriteName(record.Name, end)
            && TryWrite16((int)record.Type, end) && TryWrite16(1, end) && TryWrite32((uint)ttlSeconds, end) && TryWrite16(0, end);
        var dataStart = _length;
        fits = fits && TryWriteData(record, end, ttlSeconds);
        if (!fits)
        {
            _length = start;
            foreach (var forgotten in _names.Where(name => name.Value >= start).Select(name => name.Key).ToList())
            {
                _names.Remove(forgotten);
            }

            return false;
        }

        BinaryPrimitives.WriteUInt16BigEndian(_buffer.AsSpan(dataStart - 2), (ushort)(_length - dataStart));
        return true;
    }

    private bool TryWriteData(DnsRecord record, int end, int ttlSeconds) => record switch
    {
        AddressRecord address => TryWriteAddress(address.Address, end),
        NameRecord name => TryWriteName(name.Target, end),
        ServiceRecord service => TryWrite16(0, end) && TryWrite16(100, end) && TryWrite16(service.Port, end)
            && TryWriteName(service.Target, end, compressed: false),
        TextRecord text => TryWriteText(text.Text, end),
        AuthorityRecord authority => TryWriteName(authority.Server, end) && TryWriteName(authority.Mailbox, end)
            && TryWrite32(authority.Serial, end) && TryWrite32(7200, end) && TryWrite32(1800, end)
            && TryWrite32(86400, end) && TryWrite32((uint)ttlSeconds, end),
        _ => throw new System.Diagnostics.UnreachableException(),
    };

    // RFC 2782 forbids compressing the target of SRV.
    private bool TryWriteName(string name, int end, bool compressed = true)
    {
        var rest = name;
        while (rest.Length > 0)
        {
            if (compressed && _names.TryGetValue(rest, out var offset))
            {
                return TryWrite16(0xC000 | offset, end);
            }

            if (_length < 0x4000)
            {
                _names.TryAdd(rest, _length);
            }

            var dot = rest.IndexOf('.', StringComparison.Ordinal);
            var label = dot < 0 ? rest : rest[..dot];
            if (label.Length is 0 or > 63 || _length + 1 + label.Length > end)
            {
                return false;
            }

            _buffer[_length] = (byte)label.Length;
            Encoding.Latin1.GetBytes(label, _buffer.AsSpan(_length + 1));
            _length += 1 + label.Length;
            rest = dot < 0 ? "" : rest[(dot + 1)..];
        }

        if (_length + 1 > end)
        {
            return false;
        }

        _buffer[_length++] = 0;
        return true;
    }

    /// <summary>Lets later names point into the question, whose case is the client's.</summary>
    private void Remember(string name, int offset)
    {
        while (name.Length > 0 && !name.Contains('\\', StringComparison.Ordinal))
        {
            _names.TryAdd(name, offset);
            var dot = name.IndexOf('.', StringComparison.Ordinal);
            if (dot < 0)
            {
                return;
            }

            offset += dot + 1;
            name = name[(dot + 1)..];
        }
    }

    private bool TryWriteAddress(IPAddress address, int end)
    {
        if (!address.TryWriteBytes(_buffer.AsSpan(_length, end - _length), out var written))
        {
            return false;
        }

        _length += written;
        return true;
    }

    private bool TryWriteText(string text, int end)
    {
        if (text.Length > 255 || _length + 1 + text.Length > end)
        {
            return false;
        }

        _buffer[_length] = (byte)text.Length;
        Encoding.Latin1.GetBytes(text, _buffer.AsSpan(_length + 1));
        _length += 1 + text.Length;
        return true;
    }

    private bool TryWrite16(int value, int end)
    {
        if (_length + 2 > end)
        {
            return false;
        }

        BinaryPrimitives.WriteUInt16BigEndian(_buffer.AsSpan(_length), (ushort)value);
        _length += 2;
        return true;
    }

    private bool TryWrite32(uint value, int end)
    {
        if (_length + 4 > end)
        {
            return false;
        }

        BinaryPrimitives.WriteUInt32BigEndian(_buffer.AsSpan(_length), value);
        _length += 4;
        return true;
    }
}
