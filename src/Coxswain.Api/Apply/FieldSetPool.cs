namespace Coxswain.Api.Apply;

/// <summary>
/// Keeps the sets that were read last by their bytes: the Pods of a ReplicaSet have the same ones, and one object is written again
/// and again. A direct-mapped table of fixed size; a collision only costs another decoding.
/// </summary>
internal static class FieldSetPool
{
    internal const int MaxLengthBytes = 4096;
    private const int SlotCount = 1024;

    private static readonly FieldSetSlot?[] Slots = new FieldSetSlot?[SlotCount];

    /// <exception cref="FormatException">The JSON is not a set of fields.</exception>
    public static FieldSet Read(ReadOnlySpan<byte> utf8)
    {
        if (utf8.Length > MaxLengthBytes)
        {
            return FieldsV1.Decode(utf8);
        }

        var hash = new HashCode();
        hash.AddBytes(utf8);
        ref var slot = ref Slots[(uint)hash.ToHashCode() % SlotCount];
        var known = Volatile.Read(ref slot);
        if (known is not null && known.Utf8.Span.SequenceEqual(utf8))
        {
            return known.Set;
        }

        var set = FieldsV1.Decode(utf8);

        // What we wrote is kept once: as the bytes that are written again.
        var own = set.Utf8;
        Volatile.Write(ref slot, new FieldSetSlot(own.Span.SequenceEqual(utf8) ? own : utf8.ToArray(), set));
        return set;
    }

    private sealed record FieldSetSlot(ReadOnlyMemory<byte> Utf8, FieldSet Set);
}
