using System.Buffers.Binary;
using System.Collections.Concurrent;
using System.Text;

namespace Coxswain.Network.Dns;

/// <summary>Answers of others by the exact query, until the first of their records expires.</summary>
internal sealed class ForwardCache(TimeProvider time)
{
    /// <summary>When full it is emptied: what is asked often is back at once.</summary>
    internal const int MostEntries = 2000;

    /// <summary>Longer answers, which come over TCP alone, are asked for anew: all of the cache takes some MB at most.</summary>
    internal const int MostAnswerBytes = 4096;

    /// <summary>A query is a header, one name and options.</summary>
    internal const int MostQueryBytes = 512;

    private static readonly TimeSpan Longest = TimeSpan.FromMinutes(5);
    private readonly ConcurrentDictionary<string, Entry> _entries = new(StringComparer.Ordinal);

    internal int Count => _entries.Count;

    /// <summary>The answer with the query's id and its records' remaining time to live; null when there is none.</summary>
    public byte[]? Find(ReadOnlySpan<byte> query, bool overTcp)
    {
        if (!_entries.TryGetValue(Key(query, overTcp), out var entry))
        {
            return null;
        }

        var age = time.GetElapsedTime(entry.Since);
        if (age >= entry.Life)
        {
            return null;
        }

        var answer = entry.Answer.ToArray();
        query[..2].CopyTo(answer);
        foreach (var offset in entry.TtlOffsets)
        {
            var ttl = BinaryPrimitives.ReadUInt32BigEndian(answer.AsSpan(offset));
            BinaryPrimitives.WriteUInt32BigEndian(answer.AsSpan(offset), (uint)Math.Max(0, ttl - age.TotalSeconds));
        }

        return answer;
    }

    /// <summary>Only answers that are whole, positive and small.</summary>
    public void Add(ReadOnlySpan<byte> query, bool overTcp, byte[] answer)
    {
        if (query.Length > MostQueryBytes || answer.Length is < DnsQuery.HeaderLength or > MostAnswerBytes)
        {
            return;
        }

        var isWholeAndPositive = (answer[2] & 2) == 0 && (answer[3] & 0xF) == 0 && (answer[6] | answer[7]) != 0;
        if (!isWholeAndPositive || DnsWire.Records(answer) is not { } records)
        {
            return;
        }

        int[] offsets = [.. records.Where(record => record.Type != DnsType.OPT).Select(record => record.TtlOffset)];
        if (offsets.Length == 0)
        {
            return;
        }

        var life = TimeSpan.FromSeconds(offsets.Min(offset => BinaryPrimitives.ReadUInt32BigEndian(answer.AsSpan(offset))));
        if (life > TimeSpan.Zero)
        {
            if (_entries.Count >= MostEntries)
            {
                _entries.Clear();
            }

            _entries[Key(query, overTcp)] = new Entry(answer, offsets, time.GetTimestamp(), life < Longest ? life : Longest);
        }
    }

    /// <summary>An answer that came over TCP may be too long for a datagram.</summary>
    private static string Key(ReadOnlySpan<byte> query, bool overTcp) => (overTcp ? "t" : "u") + Encoding.Latin1.GetString(query[2..]);

    private sealed record Entry(byte[] Answer, int[] TtlOffsets, long Since, TimeSpan Life);
}
