using System.Text;
using System.Text.Json;

namespace Coxswain.Api.Json;

/// <summary>
/// Shares the short strings that objects repeat (label keys, kinds, phases, images): thousands of cached Pods hold one
/// copy of each. A direct-mapped table of fixed size; a collision only costs a new string.
/// </summary>
internal static class StringPool
{
    private const int MaxLengthBytes = 64;
    private static readonly string?[] Slots = new string?[8192];

    public static string Read(ref Utf8JsonReader reader)
    {
        if (reader.ValueIsEscaped || reader.HasValueSequence || reader.ValueSpan.Length > MaxLengthBytes)
        {
            return reader.GetString()!;
        }

        var utf8 = reader.ValueSpan;
        if (utf8.IsEmpty)
        {
            return "";
        }

        var hash = new HashCode();
        hash.AddBytes(utf8);
        ref var slot = ref Slots[(uint)hash.ToHashCode() % (uint)Slots.Length];
        var known = Volatile.Read(ref slot);
        if (known is not null && Matches(known, utf8))
        {
            return known;
        }

        // The reader refuses bytes that are not UTF-8.
        var made = reader.GetString()!;
        Volatile.Write(ref slot, made);
        return made;
    }

    private static bool Matches(string text, ReadOnlySpan<byte> utf8)
    {
        Span<char> chars = stackalloc char[MaxLengthBytes];
        return Encoding.UTF8.TryGetChars(utf8, chars, out var length) && chars[..length].SequenceEqual(text);
    }
}
