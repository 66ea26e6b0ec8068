using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;

namespace Coxswain.Network.Ranges;

/// <summary>Ranges of numbers, addresses among them: the kernel's interval sets take only such as do not touch each other.</summary>
internal static class NumberRanges
{
    /// <summary>The same numbers in as few ranges as can be, in order.</summary>
    public static IReadOnlyList<(uint First, uint Last)> Union(IEnumerable<(uint First, uint Last)> ranges)
    {
        var united = new List<(uint First, uint Last)>();
        foreach (var range in ranges.Where(range => range.First <= range.Last).Order())
        {
            if (united.Count > 0 && (united[^1].Last == uint.MaxValue || range.First <= united[^1].Last + 1))
            {
                united[^1] = (united[^1].First, Math.Max(united[^1].Last, range.Last));
            }
            else
            {
                united.Add(range);
            }
        }

        return united;
    }

    /// <summary>What of one range is in none of others.</summary>
    public static IEnumerable<(uint First, uint Last)> Without((uint First, uint Last) range, IEnumerable<(uint First, uint Last)> others)
    {
        var next = range.First;
        foreach (var other in Union(others))
        {
            if (other.Last < next)
            {
                continue;
            }

            if (other.First > range.Last)
            {
                break;
            }

            if (other.First > next)
            {
                yield return (next, other.First - 1);
            }

            if (other.Last >= range.Last)
            {
                yield break;
            }

            next = other.Last + 1;
        }

        yield return (next, range.Last);
    }

    /// <summary>The addresses of an IPv4 block; null for anything else.</summary>
    public static (uint First, uint Last)? OfBlock(string cidr)
    {
        if (!IPNetwork.TryParse(cidr, out var network) || network.BaseAddress.AddressFamily != AddressFamily.InterNetwork)
        {
            return null;
        }

        var first = BinaryPrimitives.ReadUInt32BigEndian(network.BaseAddress.GetAddressBytes());
        return (first, first | (network.PrefixLength == 0 ? uint.MaxValue : (1u << (32 - network.PrefixLength)) - 1));
    }

    /// <summary>A range of addresses in nft's words.</summary>
    public static string Addresses((uint First, uint Last) range) =>
        range.First == range.Last ? Address(range.First) : $"{Address(range.First)}-{Address(range.Last)}";

    /// <summary>A range of ports in nft's words.</summary>
    public static string Ports((uint First, uint Last) range) => range.First == range.Last ? $"{range.First}" : $"{range.First}-{range.Last}";

    private static string Address(uint number)
    {
        Span<byte> bytes = stackalloc byte[4];
        BinaryPrimitives.WriteUInt32BigEndian(bytes, number);
        return new IPAddress(bytes).ToString();
    }
}
