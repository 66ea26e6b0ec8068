using System.Buffers;

namespace Coxswain.Engine.Logs;

/// <summary>Cuts what is read into lines and passes on what is wanted of them.</summary>
internal sealed class LogLines(LogOptions options, ILogFormat format, Stream output)
{
    /// <summary>conmon cuts lines at 8 KB; what is longer than this is not of its making, and passed over.</summary>
    public const int LongestLine = 256 * 1024;

    private readonly ArrayBufferWriter<byte> _rest = new();
    private readonly ArrayBufferWriter<byte> _written = new();
    private long _left = options.LimitBytes ?? long.MaxValue;
    private bool _within = options.Since is null;
    private bool _isLate;
    private bool _isTooLong;
    private bool _outputBegun;
    private bool _errorBegun;

    /// <summary>Nothing that comes now is wanted.</summary>
    public bool IsFull => _left <= 0 || _isLate;

    public async Task AddAsync(ReadOnlyMemory<byte> data, CancellationToken cancellationToken)
    {
        _written.ResetWrittenCount();
        Cut(data.Span);
        var size = (int)Math.Min(_written.WrittenCount, _left);
        _left -= size;
        if (size > 0)
        {
            await output.WriteAsync(_written.WrittenMemory[..size], cancellationToken);
        }
    }

    public Task FlushAsync(CancellationToken cancellationToken) => output.FlushAsync(cancellationToken);

    /// <summary>Another file: what was begun in the last one will not be ended.</summary>
    public void BeginFile()
    {
        _rest.ResetWrittenCount();
        _isTooLong = false;
    }

    private void Cut(ReadOnlySpan<byte> data)
    {
        int end;
        while ((end = data.IndexOf((byte)'\n')) >= 0)
        {
            if (_isTooLong || _rest.WrittenCount + end > LongestLine)
            {
                _isTooLong = false;
            }
            else if (_rest.WrittenCount == 0)
            {
                Write(data[..end]);
            }
            else
            {
                _rest.Write(data[..end]);
                Write(_rest.WrittenSpan);
            }

            _rest.ResetWrittenCount();
            data = data[(end + 1)..];
        }

        _isTooLong |= _rest.WrittenCount + data.Length > LongestLine;
        if (_isTooLong)
        {
            _rest.ResetWrittenCount();
        }
        else
        {
            _rest.Write(data);
        }
    }

    private void Write(ReadOnlySpan<byte> raw)
    {
        if (!CriLogLine.TryParse(raw, out var line) || !IsWanted(line))
        {
            return;
        }

        ref var begun = ref line.IsError ? ref _errorBegun : ref _outputBegun;
        format.Write(line, !begun, _written);
        begun = line.IsPartial;
    }

    private bool IsWanted(in CriLogLine line)
    {
        // Lines are in the order of time: once one is late enough, all are.
        if (!_within)
        {
            _within = line.ParsedTime is { } at && at >= options.Since;
        }

        if (options.Until is { } until)
        {
            _isLate |= line.ParsedTime is { } at && at > until;
        }

        return _within && !_isLate && (line.IsError ? options.Stderr : options.Stdout);
    }
}
