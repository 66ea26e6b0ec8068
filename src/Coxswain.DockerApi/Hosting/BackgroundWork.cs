using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;

namespace Coxswain.DockerApi.Hosting;

/// <summary>Work that goes on when its request is answered; all of it is awaited when the server stops.</summary>
public sealed partial class BackgroundWork(ILogger<BackgroundWork> logger) : IAsyncDisposable
{
    private readonly ConcurrentDictionary<Task, byte> _running = new();
    private readonly CancellationTokenSource _stopping = new();

    public void Add(Func<CancellationToken, Task> work)
    {
        var task = RunAsync(work);
        _running[task] = 0;
        _ = task.ContinueWith(
            done => _running.TryRemove(done, out _), CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
    }

    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync();
        await Task.WhenAll(_running.Keys);
        _stopping.Dispose();
    }

    private async Task RunAsync(Func<CancellationToken, Task> work)
    {
        await Task.Yield();
        try
        {
            await work(_stopping.Token);
        }
        catch (OperationCanceledException) when (_stopping.IsCancellationRequested)
        {
        }
        catch (Exception exception)
        {
            Log.Failed(logger, exception);
        }
    }

    private static partial class Log
    {
        [LoggerMessage(LogLevel.Warning, "Work in the background of Docker's API failed")]
        public static partial void Failed(ILogger logger, Exception exception);
    }
}
