using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;

namespace Coxswain.ApiServer.Resources.Rules;

/// <summary>What came of asking a pool for one thing.</summary>
internal enum PoolOutcome
{
    Ok,
    Taken,
    OutOfRange,
}

/// <summary>
/// The cluster addresses of Services. Automatic ones come from above the first band of the range, as in Kubernetes, so
/// that fixed ones (the API at .1, DNS at .10) find theirs free.
/// </summary>
internal sealed class ServiceAddresses(IPNetwork range, Random random)
{
    /// <summary>Kubernetes: min(max(16, size/16), 256) addresses at the start are for fixed use.</summary>
    private const uint ReservedBand = 256;

    private readonly Lock _lock = new();
    private readonly HashSet<uint> _taken = [];
    private readonly uint _first = ToNumber(range.BaseAddress) + 1;
    private readonly uint _last = ToNumber(range.BaseAddress) + (uint)((1UL << (32 - range.PrefixLength)) - 2);

    public string Range => range.ToString();

    public PoolOutcome TryTake(string address)
    {
        if (!IPAddress.TryParse(address, out var parsed) || parsed.AddressFamily != AddressFamily.InterNetwork
            || ToNumber(parsed) is var number && (number < _first || number > _last))
        {
            return PoolOutcome.OutOfRange;
        }

        lock (_lock)
        {
            return _taken.Add(number) ? PoolOutcome.Ok : PoolOutcome.Taken;
        }
    }

    /// <summary>Null when every address is taken.</summary>
    public string? TakeAny()
    {
        lock (_lock)
        {
            var from = _last - _first > ReservedBand * 2 ? _first + ReservedBand : _first;
            var count = _last - from + 1;
            var start = (uint)random.NextInt64(count);
            for (uint i = 0; i < count; i++)
            {
                var number = from + ((start + i) % count);
                if (_taken.Add(number))
                {
                    return ToAddress(number).ToString();
                }
            }

            for (var number = _first; number < from; number++)
            {
                if (_taken.Add(number))
                {
                    return ToAddress(number).ToString();
                }
            }

            return null;
        }
    }

    public void Release(string address)
    {
        if (IPAddress.TryParse(address, out var parsed) && parsed.AddressFamily == AddressFamily.InterNetwork)
        {
            lock (_lock)
            {
                _taken.Remove(ToNumber(parsed));
            }
        }
    }

    /// <summary>The address of the <c>kubernetes</c> Service.</summary>
    internal static IPAddress FirstOf(IPNetwork range)
    {
        var bytes = range.BaseAddress.GetAddressBytes();
        bytes[^1]++;
        return new IPAddress(bytes);
    }

    private static uint ToNumber(IPAddress address) => BinaryPrimitives.ReadUInt32BigEndian(address.GetAddressBytes());

    private static IPAddress ToAddress(uint number)
    {
        var bytes = new byte[4];
        BinaryPrimitives.WriteUInt32BigEndian(bytes, number);
        return new IPAddress(bytes);
    }
}
