using Coxswain.Node.Runtime;
using Microsoft.Extensions.Logging;

namespace Coxswain.Node.Logs;

/// <summary>Keeps each container's log at most so large, and so many old ones of it, as the kubelet does by default.</summary>
internal sealed partial class LogRotator(IPodRuntime runtime, TimeProvider time, ILogger logger)
{
    private const long MaxBytes = 10 * 1024 * 1024;
    private const int MaxFiles = 5;

    private static readonly TimeSpan Period = TimeSpan.FromSeconds(10);

    public async Task RunAsync(CancellationToken cancellationToken)
    {
        using var timer = new PeriodicTimer(Period, time);
        while (await timer.WaitForNextTickAsync(cancellationToken))
        {
            foreach (var container in await runtime.ListContainersAsync(cancellationToken))
            {
                try
                {
                    if (container.State == ContainerRunState.Running && new FileInfo(container.LogPath) is { Exists: true, Length: > MaxBytes })
                    {
                        await RotateAsync(container, cancellationToken);
                    }
                }
                catch (Exception exception) when (!cancellationToken.IsCancellationRequested)
                {
                    Log.NotRotated(logger, exception, container.LogPath);
                }
            }
        }
    }

    internal async Task RotateAsync(ContainerInfo container, CancellationToken cancellationToken)
    {
        var path = container.LogPath;
        File.Move(path, $"{path}.{time.GetUtcNow():yyyyMMdd-HHmmss}", overwrite: true);
        await runtime.ReopenContainerLogAsync(container.Id, cancellationToken);
        var old = Directory.EnumerateFiles(Path.GetDirectoryName(path)!, Path.GetFileName(path) + ".*") // A log lies in a directory.
            .Order(StringComparer.Ordinal).ToList();
        foreach (var file in old.Take(Math.Max(0, old.Count - (MaxFiles - 1))))
        {
            File.Delete(file);
        }
    }

    private static partial class Log
    {
        [LoggerMessage(LogLevel.Warning, "Log {Path} was not rotated and will be tried again")]
        public static partial void NotRotated(ILogger logger, Exception exception, string path);
    }
}
