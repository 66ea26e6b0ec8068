using System.Text;
using Coxswain.Linux;

namespace Coxswain.Engine.Images.Tar;

/// <summary>Writes ustar entries, with a pax header before those that do not fit. Disposing writes the end, not the stream's.</summary>
internal sealed class TarWriter(Stream target) : IDisposable
{
    private const int BlockSize = 512;
    private const long MaxOctal8 = 0x1F_FFFF;
    private const long MaxOctal12 = 0x1_FFFF_FFFF;

    private static readonly byte[] Zeros = new byte[2 * BlockSize];

    private readonly byte[] _block = new byte[BlockSize];
    private readonly byte[] _buffer = new byte[128 * 1024];

    /// <summary>Writes an entry; a file's content is read from <paramref name="content"/> and must have the size the entry says.</summary>
    public void Write(TarEntry entry, Stream? content = null)
    {
        var pax = PaxFor(entry);
        if (pax.Length > 0)
        {
            WriteHeader("PaxHeaders/entry", 'x', "", 0x1A4, 0, 0, pax.Length, 0, 0, 0);
            target.Write(pax);
            Pad(pax.Length);
        }

        WriteHeader(
            entry.Name, TypeFlag(entry.Type), entry.LinkName, entry.Mode, entry.Uid, entry.Gid,
            entry.Type == TarEntryType.File ? entry.Size : 0, entry.ModifiedSeconds, entry.DeviceMajor, entry.DeviceMinor);
        if (entry.Type == TarEntryType.File && entry.Size > 0)
        {
            Copy(content ?? throw new ArgumentNullException(nameof(content)), entry);
        }
    }

    public void Write(string name, ReadOnlyMemory<byte> content, long modifiedSeconds)
    {
        using var stream = new MemoryStream(content.ToArray(), writable: false);
        Write(
            new TarEntry { Name = name, Type = TarEntryType.File, Size = content.Length, ModifiedSeconds = modifiedSeconds },
            stream);
    }

    public void Dispose() => target.Write(Zeros);

    private void Copy(Stream content, TarEntry entry)
    {
        var left = entry.Size;
        while (left > 0)
        {
            var count = content.Read(_buffer, 0, (int)Math.Min(_buffer.Length, left));
            if (count == 0)
            {
                throw new ImageException(ImageErrorKind.Failed, $"{entry.Name} became shorter while it was read");
            }

            target.Write(_buffer, 0, count);
            left -= count;
        }

        Pad(entry.Size);
    }

    private void Pad(long size) => target.Write(Zeros, 0, (int)((BlockSize - (size % BlockSize)) % BlockSize));

    private void WriteHeader(
        string name, char type, string link, uint mode, uint uid, uint gid, long size, long modified, uint major, uint minor)
    {
        _block.AsSpan().Clear();
        PutName(name);
        PutText(157, 100, link);
        PutOctal(100, 8, mode);
        PutOctal(108, 8, Fit(uid, MaxOctal8));
        PutOctal(116, 8, Fit(gid, MaxOctal8));
        PutOctal(124, 12, Fit(size, MaxOctal12));
        PutOctal(136, 12, Fit(modified, MaxOctal12));
        _block[156] = (byte)type;
        "ustar\0"u8.CopyTo(_block.AsSpan(257));
        "00"u8.CopyTo(_block.AsSpan(263));
        PutOctal(329, 8, Fit(major, MaxOctal8));
        PutOctal(337, 8, Fit(minor, MaxOctal8));
        _block.AsSpan(148, 8).Fill((byte)' ');
        var sum = 0;
        foreach (var value in _block)
        {
            sum += value;
        }

        PutOctal(148, 7, sum);
        _block[155] = (byte)' ';
        target.Write(_block);
    }

    private void PutName(string name)
    {
        var bytes = RawName.ToBytes(name);
        if (bytes.Length <= 100 || SplitPoint(bytes) is not { } split)
        {
            bytes.AsSpan(0, Math.Min(100, bytes.Length)).CopyTo(_block);
            return;
        }

        bytes.AsSpan(split + 1).CopyTo(_block);
        bytes.AsSpan(0, split).CopyTo(_block.AsSpan(345));
    }

    /// <summary>Where a long name can be cut into ustar's prefix and name, or null.</summary>
    private static int? SplitPoint(byte[] name)
    {
        if (name.Length > 256)
        {
            return null;
        }

        for (var i = Math.Min(155, name.Length - 2); i > 0 && name.Length - i - 1 <= 100; i--)
        {
            if (name[i] == '/')
            {
                return i;
            }
        }

        return null;
    }

    private void PutText(int offset, int length, string text)
    {
        var bytes = RawName.ToBytes(text);
        bytes.AsSpan(0, Math.Min(length, bytes.Length)).CopyTo(_block.AsSpan(offset));
    }

    private void PutOctal(int offset, int length, long value)
    {
        for (var i = offset + length - 2; i >= offset; i--)
        {
            _block[i] = (byte)('0' + (value & 7));
            value >>= 3;
        }
    }

    private static long Fit(long value, long most) => value < 0 || value > most ? 0 : value;

    private static byte[] PaxFor(TarEntry entry)
    {
        var records = new MemoryStream();
        var name = RawName.ToBytes(entry.Name);
        if (name.Length > 100 && SplitPoint(name) is null)
        {
            Record(records, "path", name);
        }

        var link = RawName.ToBytes(entry.LinkName);
        if (link.Length > 100)
        {
            Record(records, "linkpath", link);
        }

        Number(records, "size", entry.Type == TarEntryType.File ? entry.Size : 0, MaxOctal12);
        Number(records, "uid", entry.Uid, MaxOctal8);
        Number(records, "gid", entry.Gid, MaxOctal8);
        Number(records, "mtime", entry.ModifiedSeconds, MaxOctal12);
        foreach (var (attribute, value) in entry.Attributes)
        {
            Record(records, "SCHILY.xattr." + attribute, value);
        }

        return records.ToArray();
    }

    private static void Number(MemoryStream records, string key, long value, long most)
    {
        if (value < 0 || value > most)
        {
            Record(records, key, Encoding.ASCII.GetBytes(value.ToString()));
        }
    }

    private static void Record(MemoryStream records, string key, ReadOnlySpan<byte> value)
    {
        // The length counts its own digits.
        var body = Encoding.UTF8.GetByteCount(key) + value.Length + 3;
        var length = body + body.ToString().Length;
        length = body + length.ToString().Length;
        records.Write(Encoding.UTF8.GetBytes($"{length} {key}="));
        records.Write(value);
        records.WriteByte((byte)'\n');
    }

    private static char TypeFlag(TarEntryType type) => type switch
    {
        TarEntryType.File => '0',
        TarEntryType.HardLink => '1',
        TarEntryType.SymbolicLink => '2',
        TarEntryType.CharacterDevice => '3',
        TarEntryType.BlockDevice => '4',
        TarEntryType.Directory => '5',
        _ => '6',
    };
}
