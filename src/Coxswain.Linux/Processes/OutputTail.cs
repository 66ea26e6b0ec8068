using System.Buffers;
using System.Text;

namespace Coxswain.Linux.Processes;

/// <summary>Reads a stream to its end, hands out its lines and keeps the last so many bytes.</summary>
internal sealed class OutputTail(Stream stream, int captureBytes, Action<string>? onLine)
{
    private readonly ArrayBufferWriter<byte> _kept = new();
    private readonly StringBuilder _line = new();
    private readonly Decoder _decoder = Encoding.UTF8.GetDecoder();

    public string Text => Encoding.UTF8.GetString(_kept.WrittenSpan);

    public async Task ReadToEndAsync(CancellationToken cancellationToken)
    {
        var buffer = new byte[16 * 1024];
        int count;
        while ((count = await stream.ReadAsync(buffer, cancellationToken)) > 0)
        {
            Keep(buffer.AsSpan(0, count));
            if (onLine is not null)
            {
                HandOut(buffer.AsSpan(0, count), onLine);
            }
        }

        if (onLine is not null && _line.Length > 0)
        {
            onLine(_line.ToString());
        }
    }

    private void Keep(ReadOnlySpan<byte> data)
    {
        _kept.Write(data);
        // Trimmed at twice the bound, so that each byte is moved at most once.
        if (_kept.WrittenCount > 2L * captureBytes)
        {
            var tail = _kept.WrittenSpan[^captureBytes..].ToArray();
            _kept.ResetWrittenCount();
            _kept.Write(tail);
        }
    }

    private void HandOut(ReadOnlySpan<byte> data, Action<string> handOut)
    {
        var characters = new char[Encoding.UTF8.GetMaxCharCount(data.Length)];
        var count = _decoder.GetChars(data, characters, flush: false);
        foreach (var character in characters.AsSpan(0, count))
        {
            if (character == '\n')
            {
                handOut(_line.ToString().TrimEnd('\r'));
                _line.Clear();
            }
            else
            {
                _line.Append(character);
            }
        }
    }
}
