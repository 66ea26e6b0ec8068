using System.Buffers.Binary;
using System.Globalization;
using Coxswain.Linux;
using Coxswain.Linux.Files;

namespace Coxswain.Engine.Images.Tar;

/// <summary>
/// Reads ustar, pax and GNU archives from a stream that need not seek. Used instead of System.Formats.Tar because that
/// decodes pax values as text, which destroys binary attributes such as <c>security.capability</c>.
/// </summary>
internal sealed class TarReader(Stream source)
{
    private const int BlockSize = 512;
    private const int MaxHeaderText = 1024 * 1024;
    private const string AttributePrefix = "SCHILY.xattr.";

    /// <summary>PATH_MAX: nothing of a longer name could be made.</summary>
    private const int MostNameBytes = 4096;

    private readonly byte[] _block = new byte[BlockSize];
    private long _remaining;
    private int _padding;

    /// <summary>The next entry, or null at the end. What was not read of the one before is skipped.</summary>
    public TarEntry? Next()
    {
        SkipContent();
        Dictionary<string, byte[]>? pax = null;
        string? longName = null;
        string? longLink = null;
        while (true)
        {
            if (!ReadBlock())
            {
                return null;
            }

            var type = (char)_block[156];
            var size = ParseNumber(_block.AsSpan(124, 12));
            switch (type)
            {
                case 'x':
                    pax = ParsePax(ReadText(size));
                    continue;
                case 'g':
                    ReadText(size);
                    continue;
                case 'L':
                    longName = Decode(Trim(ReadText(size)));
                    continue;
                case 'K':
                    longLink = Decode(Trim(ReadText(size)));
                    continue;
                default:
                    return MakeEntry(type, size, pax, longName, longLink);
            }
        }
    }

    /// <summary>Reads from the content of the current entry; 0 at its end.</summary>
    public int Read(Span<byte> buffer)
    {
        if (_remaining == 0)
        {
            return 0;
        }

        var count = source.Read(buffer[..(int)Math.Min(buffer.Length, _remaining)]);
        if (count == 0 && buffer.Length > 0)
        {
            throw Truncated();
        }

        _remaining -= count;
        return count;
    }

    public byte[] ReadAll(int limit)
    {
        if (_remaining > limit)
        {
            throw new ImageException(ImageErrorKind.Invalid, $"tar entry of {_remaining} bytes is larger than the {limit} expected");
        }

        var content = new byte[_remaining];
        for (var offset = 0; offset < content.Length;)
        {
            offset += Read(content.AsSpan(offset));
        }

        return content;
    }

    private TarEntry? MakeEntry(char type, long size, Dictionary<string, byte[]>? pax, string? longName, string? longLink)
    {
        var entry = new TarEntry
        {
            Name = longName ?? HeaderName(),
            LinkName = longLink ?? Decode(Trim(_block.AsSpan(157, 100))),
            Mode = (uint)ParseNumber(_block.AsSpan(100, 8)) & 0xFFF,
            Uid = (uint)ParseNumber(_block.AsSpan(108, 8)),
            Gid = (uint)ParseNumber(_block.AsSpan(116, 8)),
            ModifiedSeconds = ParseNumber(_block.AsSpan(136, 12)),
            DeviceMajor = type is '3' or '4' ? (uint)ParseNumber(_block.AsSpan(329, 8)) : 0,
            DeviceMinor = type is '3' or '4' ? (uint)ParseNumber(_block.AsSpan(337, 8)) : 0,
            Size = size,
            Type = TarEntryType.File,
        };
        ApplyPax(entry, pax);
        entry.Type = type switch
        {
            '0' or '\0' or '7' => entry.Name.EndsWith('/') ? TarEntryType.Directory : TarEntryType.File,
            '1' => TarEntryType.HardLink,
            '2' => TarEntryType.SymbolicLink,
            '3' => TarEntryType.CharacterDevice,
            '4' => TarEntryType.BlockDevice,
            '5' => TarEntryType.Directory,
            '6' => TarEntryType.Fifo,
            'S' => throw new ImageException(ImageErrorKind.Unsupported, $"sparse tar entries are not supported: {entry.Name}"),
            _ => throw new ImageException(ImageErrorKind.Unsupported, $"tar entry type '{type}' is not supported: {entry.Name}"),
        };
        if (entry.Size < 0)
        {
            throw new ImageException(ImageErrorKind.Invalid, $"negative size in tar entry {entry.Name}");
        }

        // Links and devices may carry a size that stands for nothing.
        if (entry.Type != TarEntryType.File)
        {
            entry.Size = entry.Type == TarEntryType.Directory ? entry.Size : 0;
        }

        _remaining = entry.Size;
        _padding = (int)((BlockSize - (entry.Size % BlockSize)) % BlockSize);
        return entry;
    }

    private string HeaderName()
    {
        var name = Decode(Trim(_block.AsSpan(0, 100)));
        var isPosix = _block.AsSpan(257, 6).SequenceEqual("ustar\0"u8);
        var prefix = isPosix ? Decode(Trim(_block.AsSpan(345, 155))) : "";
        return prefix.Length == 0 ? name : $"{prefix}/{name}";
    }

    private static void ApplyPax(TarEntry entry, Dictionary<string, byte[]>? pax)
    {
        if (pax is null)
        {
            return;
        }

        List<KeyValuePair<string, byte[]>>? attributes = null;
        foreach (var (key, value) in pax)
        {
            switch (key)
            {
                case "path":
                    entry.Name = Decode(value);
                    break;
                case "linkpath":
                    entry.LinkName = Decode(value);
                    break;
                case "size":
                    entry.Size = Integer(value);
                    break;
                case "uid":
                    entry.Uid = Id(value);
                    break;
                case "gid":
                    entry.Gid = Id(value);
                    break;
                case "mtime":
                    SetTime(entry, Decode(value));
                    break;
                case not null when key.StartsWith("GNU.sparse.", StringComparison.Ordinal):
                    throw new ImageException(ImageErrorKind.Unsupported, $"sparse tar entries are not supported: {entry.Name}");
                case not null when key.StartsWith(AttributePrefix, StringComparison.Ordinal):
                    (attributes ??= []).Add(new(key[AttributePrefix.Length..], value));
                    break;
                default:
                    break;
            }
        }

        entry.Attributes = attributes ?? entry.Attributes;
    }

    private static void SetTime(TarEntry entry, string text)
    {
        if (!decimal.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var time)
            || Math.Abs(time) > 1e15m)
        {
            throw new ImageException(ImageErrorKind.Invalid, $"invalid time in tar entry {entry.Name}");
        }

        var seconds = Math.Floor(time);
        entry.ModifiedSeconds = (long)seconds;
        entry.ModifiedNanoseconds = (uint)((time - seconds) * 1_000_000_000m);
    }

    private static long Integer(byte[] value) =>
        long.TryParse(value, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number)
            ? number
            : throw new ImageException(ImageErrorKind.Invalid, "invalid number in a pax header");

    private static uint Id(byte[] value) =>
        Integer(value) is >= 0 and < uint.MaxValue and var id
            ? (uint)id
            : throw new ImageException(ImageErrorKind.Invalid, "invalid owner in a pax header");

    private static Dictionary<string, byte[]> ParsePax(byte[] text)
    {
        var records = new Dictionary<string, byte[]>(StringComparer.Ordinal);
        ReadOnlySpan<byte> rest = text;
        while (rest.Length > 0 && rest[0] != 0)
        {
            var blank = rest.IndexOf((byte)' ');
            if (blank <= 0 || !int.TryParse(rest[..blank], out var length) || length <= blank + 1 || length > rest.Length)
            {
                throw new ImageException(ImageErrorKind.Invalid, "malformed pax header");
            }

            var record = rest[(blank + 1)..(length - 1)];
            var equals = record.IndexOf((byte)'=');
            if (equals <= 0)
            {
                throw new ImageException(ImageErrorKind.Invalid, "malformed pax header");
            }

            records[Decode(record[..equals])] = record[(equals + 1)..].ToArray();
            rest = rest[length..];
        }

        return records;
    }

    private byte[] ReadText(long size)
    {
        if (size is < 0 or > MaxHeaderText)
        {
            throw new ImageException(ImageErrorKind.Invalid, $"tar header of {size} bytes is too large");
        }

        _remaining = size;
        _padding = (int)((BlockSize - (size % BlockSize)) % BlockSize);
        var text = ReadAll(MaxHeaderText);
        SkipContent();
        return text;
    }

    /// <summary>Reads a header block and checks its sum; false at the end of the archive.</summary>
    private bool ReadBlock()
    {
        var count = source.ReadAtLeast(_block, BlockSize, throwOnEndOfStream: false);
        if (count == 0 || !_block.AsSpan(0, count).ContainsAnyExcept((byte)0))
        {
            // Whoever hashes the stream wants it read to its very end, past the closing zero blocks.
            while (source.Read(_block) > 0)
            {
            }

            return false;
        }

        if (count < BlockSize)
        {
            throw Truncated();
        }

        var sum = 8 * ' ';
        for (var i = 0; i < BlockSize; i++)
        {
            sum += i is >= 148 and < 156 ? 0 : _block[i];
        }

        return ParseNumber(_block.AsSpan(148, 8)) == sum
            ? true
            : throw new ImageException(ImageErrorKind.Invalid, "not a tar archive (header checksum does not match)");
    }

    private void SkipContent()
    {
        Span<byte> buffer = stackalloc byte[4096];
        while (_remaining > 0)
        {
            Read(buffer);
        }

        if (_padding > 0)
        {
            var padding = buffer[.._padding];
            if (source.ReadAtLeast(padding, _padding, throwOnEndOfStream: false) < _padding)
            {
                throw Truncated();
            }

            _padding = 0;
        }
    }

    /// <summary>Octal digits, or GNU's big-endian binary when the first bit is set.</summary>
    private static long ParseNumber(ReadOnlySpan<byte> field)
    {
        if ((field[0] & 0x80) != 0)
        {
            return field.Length == 12
                ? BinaryPrimitives.ReadInt64BigEndian(field[4..])
                : BinaryPrimitives.ReadInt64BigEndian(field) & 0x7FFF_FFFF_FFFF_FFFF;
        }

        long value = 0;
        foreach (var digit in field.Trim("\0 "u8))
        {
            if (digit is < (byte)'0' or > (byte)'7')
            {
                throw new ImageException(ImageErrorKind.Invalid, "not a tar archive (a number is malformed)");
            }

            value = (value << 3) | (uint)(digit - '0');
        }

        return value;
    }

    private static ReadOnlySpan<byte> Trim(ReadOnlySpan<byte> text)
    {
        var end = text.IndexOf((byte)0);
        return end < 0 ? text : text[..end];
    }

    /// <summary>Names are bytes; see <see cref="RawName"/>.</summary>
    private static string Decode(ReadOnlySpan<byte> text) =>
        text.Length > MostNameBytes ? throw new ImageException(ImageErrorKind.Invalid, $"a name of {text.Length} bytes is too long")
        : text.Contains((byte)0) ? throw new ImageException(ImageErrorKind.Invalid, "a name holds a zero byte")
        : RawName.FromBytes(text);

    private static ImageException Truncated() => new(ImageErrorKind.Invalid, "the archive ends in the middle of an entry");
}
