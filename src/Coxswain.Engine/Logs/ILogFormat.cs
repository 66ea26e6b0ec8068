using System.Buffers;

namespace Coxswain.Engine.Logs;

/// <summary>How lines of a log are written to who reads it.</summary>
public interface ILogFormat
{
    /// <param name="begins">False for what goes on a line of which a part was written before.</param>
    void Write(in CriLogLine line, bool begins, IBufferWriter<byte> output);
}

/// <summary>The text alone, as <c>kubectl logs</c> shows it, with or without the time before each line.</summary>
public sealed class PlainLogFormat(bool timestamps) : ILogFormat
{
    public void Write(in CriLogLine line, bool begins, IBufferWriter<byte> output)
    {
        if (timestamps && begins)
        {
            // conmon writes UTC as an offset of zero; clients know it as Z.
            var isUtc = line.Time.EndsWith("+00:00"u8);
            output.Write(isUtc ? line.Time[..^"+00:00".Length] : line.Time);
            output.Write(isUtc ? "Z "u8 : " "u8);
        }

        output.Write(line.Content);
        if (!line.IsPartial)
        {
            output.Write("\n"u8);
        }
    }
}
