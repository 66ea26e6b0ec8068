using System.Text;

namespace Coxswain.Engine.Logs;

/// <summary>Finds the end of a log.</summary>
public static class LogTail
{
    private const int BlockBytes = 64 * 1024;
    private const int MostBytes = 16 * 1024 * 1024;

    /// <summary>The text of the last lines, at most so many bytes of it.</summary>
    public static string Read(string path, int lines, int maxBytes)
    {
        if (!File.Exists(path))
        {
            return "";
        }

        using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        file.Position = Math.Max(Offset(file, lines, out _), file.Length - MostBytes);
        var text = new MemoryStream();
        using var reader = new BinaryReader(file);
        var rest = reader.ReadBytes((int)Math.Min(file.Length - file.Position, MostBytes)).AsSpan();
        while (rest.Length > 0)
        {
            var end = rest.IndexOf((byte)'\n');
            var line = end < 0 ? rest : rest[..end];
            rest = end < 0 ? [] : rest[(end + 1)..];
            if (CriLogLine.TryParse(line, out var parsed))
            {
                text.Write(parsed.Content);
                if (!parsed.IsPartial)
                {
                    text.WriteByte((byte)'\n');
                }
            }
        }

        var bytes = text.ToArray().AsSpan();
        return Encoding.UTF8.GetString(bytes.Length > maxBytes ? bytes[^maxBytes..] : bytes);
    }

    /// <summary>Where the last <paramref name="lines"/> lines begin.</summary>
    /// <param name="missing">How many more were asked for than there are.</param>
    internal static long Offset(Stream file, long lines, out long missing)
    {
        missing = 0;
        if (lines <= 0)
        {
            return file.Length;
        }

        var buffer = new byte[BlockBytes];
        var position = file.Length;
        var newlines = 0L;
        while (position > 0)
        {
            var size = (int)Math.Min(BlockBytes, position);
            position -= size;
            file.Position = position;
            file.ReadExactly(buffer, 0, size);
            for (var i = size - 1; i >= 0; i--)
            {
                // The newline that ends the file ends its last line; it does not begin another.
                if (buffer[i] == '\n' && position + i != file.Length - 1 && ++newlines == lines)
                {
                    return position + i + 1;
                }
            }
        }

        missing = lines - newlines - (file.Length > 0 ? 1 : 0);
        return 0;
    }
}
