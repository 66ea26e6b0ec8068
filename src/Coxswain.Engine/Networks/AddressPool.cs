using System.Buffers.Binary;
using System.Net;

namespace Coxswain.Engine.Networks;

/// <summary>The addresses of a subnet. A freed one comes back only after all others: late packets find nobody, not a stranger.</summary>
internal sealed class AddressPool
{
    private readonly Lock _lock = new();
    private readonly HashSet<uint> _taken = [];
    private readonly uint _network;
    private readonly uint _size;
    private uint _last;

    public AddressPool(IPNetwork subnet)
    {
        if (subnet.PrefixLength is < 8 or > 30 || subnet.BaseAddress.GetAddressBytes().Length != 4)
        {
            throw new EngineException($"{subnet} is no usable IPv4 subnet (/8 to /30)");
        }

        _network = BinaryPrimitives.ReadUInt32BigEndian(subnet.BaseAddress.GetAddressBytes());
        _size = 1u << (32 - subnet.PrefixLength);
        Gateway = AddressOf(1);
        _last = 1;
    }

    public IPAddress Gateway { get; }

    /// <exception cref="EngineException">All are taken.</exception>
    public IPAddress Take()
    {
        lock (_lock)
        {
            // 0 names the network, 1 is the gateway, the last is the broadcast address.
            for (uint tried = 0; tried < _size - 3; tried++)
            {
                _last = _last + 1 < _size - 1 ? _last + 1 : 2;
                if (_taken.Add(_last))
                {
                    return AddressOf(_last);
                }
            }
        }

        throw new EngineException($"no address is free in {AddressOf(0)}/{32 - int.Log2((int)_size)}");
    }

    /// <summary>Marks an address as taken; false when it is already, or is not one to give out.</summary>
    public bool Reserve(IPAddress address)
    {
        var offset = OffsetOf(address);
        lock (_lock)
        {
            if (offset < 2 || offset >= _size - 1 || !_taken.Add(offset))
            {
                return false;
            }

            _last = Math.Max(_last, offset);
            return true;
        }
    }

    public void Free(IPAddress address)
    {
        lock (_lock)
        {
            _taken.Remove(OffsetOf(address));
        }
    }

    /// <summary>The position in the subnet, a short name for an address.</summary>
    public uint OffsetOf(IPAddress address) =>
        BinaryPrimitives.ReadUInt32BigEndian(address.GetAddressBytes()) - _network;

    private IPAddress AddressOf(uint offset)
    {
        var bytes = new byte[4];
        BinaryPrimitives.WriteUInt32BigEndian(bytes, _network + offset);
        return new IPAddress(bytes);
    }
}
