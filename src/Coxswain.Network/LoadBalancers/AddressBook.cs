using System.Buffers.Binary;
using System.Net;
using Coxswain.Client;
using Coxswain.Network.Ranges;

namespace Coxswain.Network.LoadBalancers;

/// <summary>Who has which address of the pool. As many entries as the pool has addresses.</summary>
internal sealed class AddressBook
{
    private readonly (uint First, uint Last)? _range;
    private readonly Dictionary<uint, NamespacedName> _owners = [];
    private readonly Dictionary<NamespacedName, uint> _addresses = [];

    public AddressBook(IPNetwork? pool)
    {
        if (pool is { } network && NumberRanges.OfBlock(network.ToString()) is { } block)
        {
            // Some programs take the first and last address of a network for that of nobody and that of everybody.
            _range = block.Last - block.First > 2 ? (block.First + 1, block.Last - 1) : block;
        }
    }

    public string? Find(NamespacedName owner) => _addresses.TryGetValue(owner, out var number) ? Text(number) : null;

    /// <summary>Gives that address, unless it is not of the pool or somebody else has it.</summary>
    public bool TryTake(NamespacedName owner, string address)
    {
        if (Number(address) is not { } number || _range is not { } range || number < range.First || number > range.Last
            || (_owners.TryGetValue(number, out var other) && other != owner))
        {
            return false;
        }

        Release(owner);
        _owners[number] = owner;
        _addresses[owner] = number;
        return true;
    }

    /// <summary>Gives the lowest free address; null when there is none.</summary>
    public string? Take(NamespacedName owner)
    {
        for (var number = _range?.First ?? 1; number <= (_range?.Last ?? 0); number++)
        {
            if (!_owners.ContainsKey(number))
            {
                TryTake(owner, Text(number));
                return Text(number);
            }
        }

        return null;
    }

    /// <returns>Whether it had one.</returns>
    public bool Release(NamespacedName owner) => _addresses.Remove(owner, out var number) && _owners.Remove(number);

    private static uint? Number(string address) => NumberRanges.OfBlock($"{address}/32")?.First;

    private static string Text(uint number)
    {
        Span<byte> bytes = stackalloc byte[4];
        BinaryPrimitives.WriteUInt32BigEndian(bytes, number);
        return new IPAddress(bytes).ToString();
    }
}
