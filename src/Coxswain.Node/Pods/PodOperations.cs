using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;

namespace Coxswain.Node.Pods;

/// <summary>
/// What runs beside one pod's loop. How it ended is told in the loop, so that whoever began it needs no lock. At most a handful run at
/// once: one for each name, and names are of steps and containers.
/// </summary>
internal sealed partial class PodOperations(string pod, Signal signal, TimeProvider time, ILogger logger)
{
    /// <summary>How long what failed waits before it is tried again.</summary>
    public static readonly TimeSpan RetryDelay = TimeSpan.FromSeconds(2);

    private readonly ConcurrentQueue<Action> _posted = new();
    private readonly Dictionary<string, Task> _running = new(StringComparer.Ordinal);

    public bool IsRunning(string name) => _running.ContainsKey(name);

    /// <summary>Completes when the operation has ended; at once when there is none of that name.</summary>
    public Task EndOf(string name) => _running.GetValueOrDefault(name, Task.CompletedTask);

    /// <summary>Begins an operation, unless one of that name runs. With cancellation neither of the callbacks comes.</summary>
    /// <param name="done">Called in the loop with what it returned.</param>
    /// <param name="failed">Called in the loop, after <see cref="RetryDelay"/>, when it threw.</param>
    public void Begin<T>(
        string name, Func<CancellationToken, Task<T>> operation, Action<T> done, Action failed, CancellationToken cancellationToken)
    {
        if (!_running.ContainsKey(name))
        {
            _running.Add(name, RunAsync(name, operation, done, failed, cancellationToken));
        }
    }

    /// <summary>Has an action run in the loop.</summary>
    public void Post(Action action)
    {
        _posted.Enqueue(action);
        signal.Set();
    }

    /// <summary>Runs what was posted. For the loop alone.</summary>
    public void RunPosted()
    {
        while (_posted.TryDequeue(out var action))
        {
            action();
        }
    }

    /// <summary>Completes when nothing runs any more, however it ended.</summary>
    public Task WhenAllAsync() => Task.WhenAll(_running.Values);

    private async Task RunAsync<T>(
        string name, Func<CancellationToken, Task<T>> operation, Action<T> done, Action failed, CancellationToken cancellationToken)
    {
        await Task.Yield(); // The loop goes on.
        Action then;
        try
        {
            var result = await operation(cancellationToken);
            then = () => done(result);
        }
        catch (Exception) when (cancellationToken.IsCancellationRequested)
        {
            return;
        }
        catch (Exception exception)
        {
            Log.Failed(logger, exception, name, pod);
            await Task.Delay(RetryDelay, time, cancellationToken)
                .ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ContinueOnCapturedContext);
            then = failed;
        }

        Post(() =>
        {
            _running.Remove(name);
            then();
        });
    }

    private static partial class Log
    {
        [LoggerMessage(LogLevel.Warning, "Operation {Operation} of pod {Pod} failed and will be tried again")]
        public static partial void Failed(ILogger logger, Exception exception, string operation, string pod);
    }
}
