using Microsoft.Extensions.Logging;

namespace Coxswain.Engine.Logs;

/// <param name="Id">The container that writes it.</param>
/// <param name="MostBytes">Larger, it is put aside.</param>
/// <param name="MostFiles">How many files there are at most, the current one included.</param>
internal sealed record RotatedLog(string Id, string Path, long MostBytes, int MostFiles);

/// <summary>Keeps the logs of running containers at most so large, and so many old files of each.</summary>
/// <param name="list">The logs that are being written.</param>
/// <param name="reopenAsync">Has the writer of the log make the file anew.</param>
internal sealed partial class LogRotator(
    Func<IEnumerable<RotatedLog>> list, Func<string, CancellationToken, Task> reopenAsync, TimeProvider time, ILogger<LogRotator> logger)
{
    private static readonly TimeSpan Period = TimeSpan.FromSeconds(10);

    public async Task RunAsync(CancellationToken cancellationToken)
    {
        using var timer = new PeriodicTimer(Period, time);
        try
        {
            do
            {
                foreach (var log in list())
                {
                    await TryLookAsync(log, cancellationToken);
                }
            }
            while (await timer.WaitForNextTickAsync(cancellationToken));
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
        }
    }

    /// <summary>
    /// Puts a log aside when it is too large. One that is missing was put aside by an engine that died before it could say so: its
    /// container still writes to the old file, and is told now.
    /// </summary>
    internal async Task LookAsync(RotatedLog log, CancellationToken cancellationToken)
    {
        var file = new FileInfo(log.Path);
        if (file.Exists && file.Length <= log.MostBytes)
        {
            return;
        }

        if (file.Exists)
        {
            var aside = LogFiles.OldName(log.Path, time.GetUtcNow());
            if (File.Exists(aside))
            {
                // Twice within a second: the next look has another name for it.
                return;
            }

            if (log.MostFiles > 1)
            {
                File.Move(log.Path, aside);
            }
            else
            {
                File.Delete(log.Path);
            }
        }

        await reopenAsync(log.Id, cancellationToken);
        foreach (var old in LogFiles.Old(log.Path).SkipLast(log.MostFiles - 1))
        {
            File.Delete(old);
        }
    }

    private async Task TryLookAsync(RotatedLog log, CancellationToken cancellationToken)
    {
        try
        {
            await LookAsync(log, cancellationToken);
        }
        catch (Exception exception) when (!cancellationToken.IsCancellationRequested)
        {
            Log.NotRotated(logger, exception, log.Path);
        }
    }

    private static partial class Log
    {
        [LoggerMessage(LogLevel.Warning, "Log {Path} was not rotated and will be tried again")]
        public static partial void NotRotated(ILogger logger, Exception exception, string path);
    }
}
