using System.Text;

namespace Coxswain.Engine.Logs;

/// <summary>One line of a log in CRI format: <c>2026-01-02T03:04:05.123456789Z stdout F text</c>.</summary>
public readonly ref struct CriLogLine(ReadOnlySpan<byte> time, bool isError, bool isPartial, ReadOnlySpan<byte> content)
{
    public ReadOnlySpan<byte> Time { get; } = time;

    public bool IsError { get; } = isError;

    /// <summary>The line goes on in the next entry.</summary>
    public bool IsPartial { get; } = isPartial;

    public ReadOnlySpan<byte> Content { get; } = content;

    public DateTimeOffset? ParsedTime =>
        DateTimeOffset.TryParse(Encoding.ASCII.GetString(Time), out var parsed) ? parsed : null;

    /// <summary>False for what is not such a line, e.g. one cut off by a crash.</summary>
    /// <param name="line">Without its newline.</param>
    public static bool TryParse(ReadOnlySpan<byte> line, out CriLogLine result)
    {
        result = default;
        var first = line.IndexOf((byte)' ');
        if (first < 0)
        {
            return false;
        }

        var rest = line[(first + 1)..];
        var second = rest.IndexOf((byte)' ');
        var third = second < 0 ? -1 : rest[(second + 1)..].IndexOf((byte)' ');
        if (third < 0)
        {
            return false;
        }

        var stream = rest[..second];
        var tag = rest.Slice(second + 1, third);
        if (!stream.SequenceEqual("stdout"u8) && !stream.SequenceEqual("stderr"u8))
        {
            return false;
        }

        result = new CriLogLine(line[..first], stream.SequenceEqual("stderr"u8), tag.StartsWith("P"u8), rest[(second + third + 2)..]);
        return true;
    }
}
