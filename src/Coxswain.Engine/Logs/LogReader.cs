namespace Coxswain.Engine.Logs;

/// <summary>Reads a container's log from its files, following it by the file system's own notifications.</summary>
public sealed class LogReader(TimeProvider time)
{
    private const int BufferBytes = 64 * 1024;

    /// <summary>
    /// A net under lost notifications (an overflowing queue, a file system without them), and the longest that the end of a
    /// container can go unseen.
    /// </summary>
    private static readonly TimeSpan LookPeriod = TimeSpan.FromSeconds(1);

    /// <param name="isOver">Whether nothing will be written to the log any more.</param>
    public async Task ReadAsync(
        string path, LogOptions options, ILogFormat format, Stream output, Func<bool> isOver, CancellationToken cancellationToken)
    {
        using var changed = new SemaphoreSlim(0, 1);
        using var watcher = options.Follow ? Watch(path, changed) : null;
        var lines = new LogLines(options, format, output);
        await CopyBeginningAsync(path, options, lines, cancellationToken);
        var file = OpenAtTail(path, options);
        try
        {
            while (!lines.IsFull)
            {
                // Asked before reading: what was written before the end is then surely read after it.
                var over = isOver();
                file ??= TryOpen(path);
                if (file is not null)
                {
                    await CopyAsync(file, lines, cancellationToken);
                    // conmon goes on writing the file under its new name until it has made the next one.
                    if (options.Follow && WasPutAside(path, file, out var aside) && File.Exists(path))
                    {
                        await CopyAsync(file, lines, cancellationToken);
                        await file.DisposeAsync();
                        file = null;
                        await CopyOldAsync(LaterThan(aside, path), lines, cancellationToken);
                        continue;
                    }
                }

                if (over || !options.Follow)
                {
                    break;
                }

                await lines.FlushAsync(cancellationToken);
                await WaitAsync(changed, cancellationToken);
            }

            await lines.FlushAsync(cancellationToken);
        }
        finally
        {
            if (file is not null)
            {
                await file.DisposeAsync();
            }
        }
    }

    /// <summary>Old files, as far as they are wanted.</summary>
    private static async Task CopyBeginningAsync(
        string path, LogOptions options, LogLines lines, CancellationToken cancellationToken)
    {
        var missing = options.TailLines ?? long.MaxValue;
        if (TryOpen(path) is { } current)
        {
            await using (current)
            {
                if (!options.OldFiles)
                {
                    return;
                }

                if (options.TailLines is not null)
                {
                    LogTail.Offset(current, missing, out missing);
                }
            }
        }

        // Between being put aside and made anew there is no current file, and the newest old one stands in.
        var wanted = LogFiles.Old(path).TakeLast(options.OldFiles ? int.MaxValue : 1)
            .Where(file => options.Since is not { } since || File.GetLastWriteTimeUtc(file) >= since);
        var starts = new Stack<(string File, long Offset)>();
        foreach (var file in wanted.Reverse())
        {
            if (missing <= 0 || TryOpen(file) is not { } open)
            {
                break;
            }

            await using (open)
            {
                starts.Push((file, options.TailLines is null ? 0 : LogTail.Offset(open, missing, out missing)));
            }
        }

        foreach (var (file, offset) in starts)
        {
            await CopyOldAsync([file], lines, cancellationToken, offset);
        }
    }

    /// <summary>What was put aside after the file that now has that name; nothing when it was deleted.</summary>
    private static IEnumerable<string> LaterThan(string aside, string path) =>
        aside.EndsWith(" (deleted)", StringComparison.Ordinal)
            ? []
            : LogFiles.Old(path).Where(old => string.CompareOrdinal(Path.GetFileName(old), Path.GetFileName(aside)) > 0);

    private static FileStream? OpenAtTail(string path, LogOptions options)
    {
        if (TryOpen(path) is not { } file)
        {
            return null;
        }

        file.Position = options.TailLines is { } tail ? LogTail.Offset(file, tail, out _) : 0;
        return file;
    }

    private static async Task CopyOldAsync(
        IEnumerable<string> files, LogLines lines, CancellationToken cancellationToken, long offset = 0)
    {
        foreach (var name in files)
        {
            if (!lines.IsFull && TryOpen(name) is { } file)
            {
                await using (file)
                {
                    file.Position = offset;
                    await CopyAsync(file, lines, cancellationToken);
                }

                lines.BeginFile();
            }
        }
    }

    /// <summary>Null when it is not there (any more).</summary>
    private static FileStream? TryOpen(string path)
    {
        try
        {
            return new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, BufferBytes);
        }
        catch (Exception exception) when (exception is FileNotFoundException or DirectoryNotFoundException)
        {
            return null;
        }
    }

    private static FileSystemWatcher Watch(string path, SemaphoreSlim changed)
    {
        var watcher = new FileSystemWatcher(Path.GetDirectoryName(path)!) // A log lies in a directory.
        {
            NotifyFilter = NotifyFilters.LastWrite | NotifyFilters.Size | NotifyFilters.FileName,
        };
        watcher.Changed += (_, _) => Release();
        watcher.Created += (_, _) => Release();
        watcher.Renamed += (_, _) => Release();
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

    /// <summary>Whether the file has another name now. Sizes do not tell: a new one may have outgrown the old.</summary>
    private static bool WasPutAside(string path, FileStream file, out string name)
    {
        name = new FileInfo($"/proc/self/fd/{file.SafeFileHandle.DangerousGetHandle()}").LinkTarget ?? path;
        return Path.GetFileName(name) != Path.GetFileName(path);
    }

    private static async Task CopyAsync(FileStream file, LogLines lines, CancellationToken cancellationToken)
    {
        var buffer = new byte[BufferBytes];
        int read;
        while (!lines.IsFull && (read = await file.ReadAsync(buffer, cancellationToken)) > 0)
        {
            await lines.AddAsync(buffer.AsMemory(0, read), cancellationToken);
        }
    }
}
