using System.Text.Json;

namespace Coxswain.Node.Streaming.Commands;

/// <summary>The size of a terminal as clients send it: <c>{"Width":80,"Height":24}</c>.</summary>
internal readonly record struct TerminalSize(ushort Width, ushort Height)
{
    /// <summary>Longer ones are none.</summary>
    public const int MostBytes = 1024;

    public static TerminalSize? TryParse(ReadOnlySpan<byte> json)
    {
        try
        {
            var reader = new Utf8JsonReader(json);
            return json.Length <= MostBytes ? JsonSerializer.Deserialize<TerminalSize?>(ref reader) : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }
}
