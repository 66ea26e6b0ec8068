namespace Coxswain.Node.Logs;

/// <summary>Serves a container's log from its file, following it by the file system's own notifications.</summary>
internal sealed class LogReader(TimeProvider time)
{
    private const int BufferBytes = 64 * 1024;

    /// <summary>
    /// A net under lost notifications (an overflowing queue, a file system without them), and the longest that the end of a
    /// container can go unseen.
    /// </summary>
    private static readonly TimeSpan LookPeriod = TimeSpan.FromSeconds(1);

    /// <param name="isOver">Whether nothing will be written to the log any more.</param>
    public async Task ReadAsync(string path, LogOptions options, Stream output, Func<bool> isOver, CancellationToken cancellationToken)
    {
        using var changed = new SemaphoreSlim(0, 1);
        using var watcher = options.Follow ? Watch(path, changed) : null;
        var lines = new LineFilter(options, output);
        var file = Open(path);
        try
        {
            file.Position = options.TailLines is { } tail ? LogTail.Offset(file, tail) : 0;
            while (true)
            {
                // Asked before reading: what was written before the end is then surely read after it.
                var over = isOver();
                await CopyAsync(file, lines, cancellationToken);
                if (lines.IsFull || !options.Follow)
                {
                    break;
                }

                if (WasRotated(path, file))
                {
                    // The last of it may have been written between reading it and its being renamed.
                    await CopyAsync(file, lines, cancellationToken);
                    await file.DisposeAsync();
                    file = Open(path);
                    continue;
                }

                if (over)
                {
                    break;
                }

                await output.FlushAsync(cancellationToken);
                await WaitAsync(changed, cancellationToken);
            }

            await output.FlushAsync(cancellationToken);
        }
        finally
        {
            await file.DisposeAsync();
        }
    }

    private static FileStream Open(string path) =>
        new(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, BufferBytes);

    private static FileSystemWatcher Watch(string path, SemaphoreSlim changed)
    {
        var watcher = new FileSystemWatcher(Path.GetDirectoryName(path)!) // A log lies in a directory.
        {
            NotifyFilter = NotifyFilters.LastWrite | NotifyFilters.Size | NotifyFilters.FileName,
        };
        watcher.Changed += (_, _) => Release();
        watcher.Created += (_, _) => Release();
        watcher.EnableRaisingEvents = true;
        return watcher;

        void Release()
        {
            try
            {
                changed.Release();
            }
            catch (Exception exception) when (exception is SemaphoreFullException or ObjectDisposedException)
            {
                // Told already, or nobody wants to know any more.
            }
        }
    }

    private async Task WaitAsync(SemaphoreSlim changed, CancellationToken cancellationToken)
    {
        using var period = new CancellationTokenSource(LookPeriod, time);
        using var linked = CancellationTokenSource.CreateLinkedTokenSource(period.Token, cancellationToken);
        try
        {
            await changed.WaitAsync(linked.Token);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
        }
    }

    /// <summary>Whether another file has the name now. Sizes do not tell: the new one may have outgrown the old.</summary>
    private static bool WasRotated(string path, FileStream file) =>
        File.Exists(path) && new FileInfo($"/proc/self/fd/{file.SafeFileHandle.DangerousGetHandle()}").LinkTarget != Coxswain.Linux.Files.FileNodes.RealPath(path);

    private static async Task CopyAsync(FileStream file, LineFilter lines, CancellationToken cancellationToken)
    {
        var buffer = new byte[BufferBytes];
        int read;
        while (!lines.IsFull && (read = await file.ReadAsync(buffer, cancellationToken)) > 0)
        {
            await lines.AddAsync(buffer.AsMemory(0, read), cancellationToken);
        }
    }

    /// <summary>Cuts what is read into lines and passes on what is wanted of them.</summary>
#pragma warning disable CA1001 // A memory stream holds nothing but memory.
    private sealed class LineFilter(LogOptions options, Stream output)
#pragma warning restore CA1001
    {
        private readonly MemoryStream _rest = new();
        private long _left = options.LimitBytes ?? long.MaxValue;
        private bool _within = options.Since is null;
        private bool _lineBegun;

        public bool IsFull => _left <= 0;

        public async Task AddAsync(ReadOnlyMemory<byte> data, CancellationToken cancellationToken)
        {
            var written = new MemoryStream();
            Cut(data.Span, written);
            var size = (int)Math.Min(written.Length, _left);
            _left -= size;
            await output.WriteAsync(written.GetBuffer().AsMemory(0, size), cancellationToken);
        }

        private void Cut(ReadOnlySpan<byte> data, MemoryStream written)
        {
            int end;
            while ((end = data.IndexOf((byte)'\n')) >= 0)
            {
                if (_rest.Length == 0)
                {
                    Write(data[..end], written);
                }
                else
                {
                    _rest.Write(data[..end]);
                    Write(_rest.GetBuffer().AsSpan(0, (int)_rest.Length), written);
                    _rest.SetLength(0);
                }

                data = data[(end + 1)..];
            }

            _rest.Write(data);
        }

        private void Write(ReadOnlySpan<byte> raw, MemoryStream written)
        {
            if (!CriLogLine.TryParse(raw, out var line) || !IsWanted(line))
            {
                return;
            }

            if (options.Timestamps && !_lineBegun)
            {
                // conmon writes UTC as an offset of zero; clients know it as Z.
                written.Write(line.Time.EndsWith("+00:00"u8) ? line.Time[..^"+00:00".Length] : line.Time);
                written.Write(line.Time.EndsWith("+00:00"u8) ? "Z "u8 : " "u8);
            }

            written.Write(line.Content);
            _lineBegun = line.IsPartial;
            if (!line.IsPartial)
            {
                written.WriteByte((byte)'\n');
            }
        }

        private bool IsWanted(in CriLogLine line)
        {
            if (!_within)
            {
                // Lines are in the order of time: once one is late enough, all are.
                _within = line.ParsedTime is { } at && at >= options.Since;
            }

            return _within && (options.Stream.Length == 0
                || string.Equals(options.Stream, line.IsError ? "stderr" : "stdout", StringComparison.OrdinalIgnoreCase)
                || string.Equals(options.Stream, "All", StringComparison.OrdinalIgnoreCase));
        }
    }
}
