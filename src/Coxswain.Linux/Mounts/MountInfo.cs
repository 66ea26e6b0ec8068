using System.Globalization;

namespace Coxswain.Linux.Mounts;

/// <summary>One line of /proc/self/mountinfo.</summary>
public sealed record MountInfo(
    int Id, int ParentId, string Root, string MountPoint, string Options, string Type, string Source, string SuperOptions)
{
    /// <summary>Parses the file's text, as <see cref="RawName"/> spells it; see proc(5).</summary>
    public static IReadOnlyList<MountInfo> Parse(string text)
    {
        var mounts = new List<MountInfo>();
        foreach (var line in text.Split('\n', StringSplitOptions.RemoveEmptyEntries))
        {
            var fields = line.Split(' ');
            // Optional fields ("shared:1") lie between the sixth field and a lone dash.
            var dash = Array.IndexOf(fields, "-", 6);
            if (dash < 0 || fields.Length < dash + 4)
            {
                throw new LinuxException($"mountinfo line not understood: {line}");
            }

            mounts.Add(new MountInfo(
                int.Parse(fields[0], CultureInfo.InvariantCulture),
                int.Parse(fields[1], CultureInfo.InvariantCulture),
                Unescape(fields[3]),
                Unescape(fields[4]),
                fields[5],
                fields[dash + 1],
                Unescape(fields[dash + 2]),
                fields[dash + 3]));
        }

        return mounts;
    }

    /// <summary>Blanks, tabs, newlines and backslashes in paths are written as a backslash and three octal digits.</summary>
    private static string Unescape(string field)
    {
        if (!field.Contains('\\'))
        {
            return field;
        }

        var bytes = new List<byte>(field.Length);
        var source = RawName.ToBytes(field);
        for (var i = 0; i < source.Length; i++)
        {
            if (source[i] == '\\' && i + 3 < source.Length)
            {
                bytes.Add((byte)(((source[i + 1] - '0') << 6) | ((source[i + 2] - '0') << 3) | (source[i + 3] - '0')));
                i += 3;
            }
            else
            {
                bytes.Add(source[i]);
            }
        }

        return RawName.FromBytes([.. bytes]);
    }
}
