using System.Text;
using Coxswain.Linux.Interop;

namespace Coxswain.Linux.Files;

/// <summary>A pipe on which a child, or what it leaves behind, reports one line to us.</summary>
public sealed class ReportPipe : IDisposable
{
    private readonly Stream _reader;
    private int _writeEnd;

    public ReportPipe()
    {
        var pipe = Pipe.Create();
        _reader = Pipe.OpenReader(pipe.ReadEnd);
        // Out of the way of the small numbers a child is to have it under.
        _writeEnd = LibC.fcntl(pipe.WriteEnd, LibC.F_DUPFD_CLOEXEC, LibC.FirstFreeDescriptor);
        _ = LibC.close(pipe.WriteEnd);
        if (_writeEnd < 0)
        {
            _reader.Dispose();
            throw new LinuxException("duplicate a descriptor", LibC.Errno);
        }
    }

    /// <summary>To hand to the child as one of its <see cref="Processes.ProcessSpec.InheritedFiles"/>.</summary>
    public int WriteEnd => _writeEnd;

    /// <summary>Call once the child has its own copy: only then does its end show as the end of the pipe.</summary>
    public void CloseWriteEnd()
    {
        if (Interlocked.Exchange(ref _writeEnd, -1) is >= 0 and var fd)
        {
            _ = LibC.close(fd);
        }
    }

    /// <summary>The first line without its end; empty when the other side closed without a word.</summary>
    public async Task<string> ReadLineAsync(CancellationToken cancellationToken)
    {
        var line = new MemoryStream();
        var buffer = new byte[4096];
        int count;
        while ((count = await _reader.ReadAsync(buffer, cancellationToken)) > 0)
        {
            line.Write(buffer, 0, count);
            if (Array.IndexOf(buffer, (byte)'\n', 0, count) >= 0)
            {
                break;
            }
        }

        var text = Encoding.UTF8.GetString(line.GetBuffer(), 0, (int)line.Length);
        var end = text.IndexOf('\n');
        return end < 0 ? text : text[..end];
    }

    public void Dispose()
    {
        CloseWriteEnd();
        _reader.Dispose();
    }
}
