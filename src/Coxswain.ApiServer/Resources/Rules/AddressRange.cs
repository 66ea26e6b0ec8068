using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;

namespace Coxswain.ApiServer.Resources.Rules;

/// <summary>
/// The cluster addresses of Services. Automatic ones come from above the first band of the range, as in Kubernetes, so
/// that fixed ones (the API at .1, DNS at .10) find theirs free.
/// </summary>
internal sealed class AddressRange(IPNetwork range) : INumberRange
{
    private readonly uint _first = ToNumber(range.BaseAddress) + 1;
    private readonly uint _last = ToNumber(range.BaseAddress) + (uint)((1UL << (32 - range.PrefixLength)) - 2);

    public long First => _first;

    public long Last => _last;

    /// <summary>As in Kubernetes, a sixteenth of the range is for fixed use, at least 16 and at most 256; of 16 addresses none.</summary>
    public long FirstAutomatic => Size > 16 ? _first + Math.Clamp(Size / 16, 16, 256) : _first;

    private long Size => 1L << (32 - range.PrefixLength);

    public string Text(long number) => ToAddress((uint)number).ToString();

    public bool TryParse(string text, out long number)
    {
        number = 0;
        if (!IPAddress.TryParse(text, out var parsed) || parsed.AddressFamily != AddressFamily.InterNetwork)
        {
            return false;
        }

        number = ToNumber(parsed);
        return number >= _first && number <= _last;
    }

    public override string ToString() => range.ToString();

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
