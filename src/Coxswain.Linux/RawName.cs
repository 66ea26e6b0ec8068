using System.Text;
using System.Text.Unicode;

namespace Coxswain.Linux;

/// <summary>
/// File names are bytes. Here they are strings in which each byte that is not part of UTF-8 stands as the lone surrogate
/// U+DC00 plus the byte (as in Python's <c>surrogateescape</c>): every name there can be has one string and back. The calls of
/// this project take such strings; the base library's <see cref="File"/> and <see cref="Directory"/> only those without.
/// </summary>
public static class RawName
{
    private const char FirstEscape = '\uDC80';
    private const char LastEscape = '\uDCFF';
    private const int EscapeBase = 0xDC00;

    public static string FromBytes(ReadOnlySpan<byte> bytes)
    {
        if (Utf8.IsValid(bytes))
        {
            return Encoding.UTF8.GetString(bytes);
        }

        var name = new StringBuilder(bytes.Length);
        while (bytes.Length > 0)
        {
            if (Rune.DecodeFromUtf8(bytes, out var rune, out var count) == System.Buffers.OperationStatus.Done)
            {
                name.Append(rune.ToString());
            }
            else
            {
                // One byte at a time, so that what is left of a broken sequence is looked at again.
                count = 1;
                name.Append((char)(EscapeBase + bytes[0]));
            }

            bytes = bytes[count..];
        }

        return name.ToString();
    }

    /// <exception cref="LinuxException">The string holds a NUL, or a lone surrogate that stands for no byte.</exception>
    public static byte[] ToBytes(string name)
    {
        if (name.Contains('\0'))
        {
            throw new LinuxException($"file name \"{name.Replace("\0", "\\0", StringComparison.Ordinal)}\" holds a NUL");
        }

        return Spells(name) ? Encoding.UTF8.GetBytes(name) : Unescape(name);
    }

    /// <summary>Whether the base library can spell it too.</summary>
    public static bool IsUtf8(string name) => Spells(name);

    /// <summary>For people: what cannot be spelled as <c>\xHH</c>.</summary>
    public static string Display(string name) => Spells(name)
        ? name
        : string.Concat(name.Select(c => c is >= FirstEscape and <= LastEscape ? $"\\x{c - EscapeBase:x2}" : c.ToString()));

    private static bool Spells(string name)
    {
        if (name.AsSpan().IndexOfAnyInRange('\uD800', '\uDFFF') < 0)
        {
            return true;
        }

        for (var i = 0; i < name.Length; i++)
        {
            if (char.IsHighSurrogate(name[i]) && i + 1 < name.Length && char.IsLowSurrogate(name[i + 1]))
            {
                i++;
            }
            else if (char.IsSurrogate(name[i]))
            {
                return false;
            }
        }

        return true;
    }

    private static byte[] Unescape(string name)
    {
        var bytes = new List<byte>(name.Length + 8);
        Span<byte> rune = stackalloc byte[4];
        for (var i = 0; i < name.Length; i++)
        {
            if (Rune.DecodeFromUtf16(name.AsSpan(i), out var value, out var count) == System.Buffers.OperationStatus.Done)
            {
                bytes.AddRange(rune[..value.EncodeToUtf8(rune)]);
                i += count - 1;
            }
            else if (name[i] is >= FirstEscape and <= LastEscape)
            {
                bytes.Add((byte)(name[i] - EscapeBase));
            }
            else
            {
                throw new LinuxException("file name holds half a surrogate pair");
            }
        }

        return [.. bytes];
    }
}
