using Coxswain.Api.Errors;
using Coxswain.Client.WorkQueues;
using Microsoft.Extensions.Logging;

namespace Coxswain.Client.Reconcilers;

/// <summary>Runs one reconciler's workers over its queue. No exception ends a worker: the key comes back after a back-off.</summary>
/// <param name="name">What log lines call the reconciler.</param>
public sealed partial class ReconcilerHost<TKey>(
    string name, WorkQueue<TKey> queue, IReconciler<TKey> reconciler, int workers, ILogger logger)
    where TKey : notnull
{
    /// <summary>Failures in a row before a key's failing is worth an operator's attention; conflicts are ordinary before that.</summary>
    private const int NoteworthyFailures = 5;

    /// <summary>Runs until cancelled, and returns when every worker has stopped.</summary>
    public Task RunAsync(CancellationToken cancellationToken) =>
        Task.WhenAll(Enumerable.Range(0, workers).Select(_ => WorkAsync(cancellationToken)));

    private async Task WorkAsync(CancellationToken cancellationToken)
    {
        while (!cancellationToken.IsCancellationRequested)
        {
            TKey key;
            try
            {
                key = await queue.TakeAsync(cancellationToken);
            }
            catch (OperationCanceledException)
            {
                return;
            }

            try
            {
                await ReconcileAsync(key, cancellationToken);
            }
            catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
            {
                return;
            }
            finally
            {
                queue.Done(key);
            }
        }
    }

    private async Task ReconcileAsync(TKey key, CancellationToken cancellationToken)
    {
        try
        {
            var requeue = await reconciler.ReconcileAsync(key, cancellationToken);
            queue.Forget(key);
            if (requeue.After is { } delay)
            {
                queue.AddAfter(key, delay);
            }
        }
        catch (KubeStatusException exception) when (exception.IsNamespaceTerminating || IsNamespaceGone(exception))
        {
            // Nothing can be made there any more; the namespace's end takes the object too, or has done so.
            queue.Forget(key);
        }
        catch (KubeStatusException exception) when ((exception.IsConflict || exception.IsNotFound || exception.IsAlreadyExists) && queue.Failures(key) < NoteworthyFailures)
        {
            // The cache was behind the server: it will have caught up by the time the key is back.
            Log.Outdated(logger, name, key, exception.Message);
            queue.AddRateLimited(key);
        }
        catch (Exception exception) when (!cancellationToken.IsCancellationRequested)
        {
            queue.AddRateLimited(key);
            Log.Failed(logger, exception, name, key, queue.Failures(key));
        }
    }

    private static bool IsNamespaceGone(KubeStatusException exception) => exception.IsNotFound && exception.Status.Details?.Kind == "namespaces";

    private static partial class Log
    {
        [LoggerMessage(LogLevel.Debug, "{Reconciler} of {Key} was based on an outdated object and will be repeated: {Reason}")]
        public static partial void Outdated(ILogger logger, string reconciler, TKey key, string reason);

        [LoggerMessage(LogLevel.Warning, "{Reconciler} of {Key} failed {Failures} times in a row and will be repeated")]
        public static partial void Failed(ILogger logger, Exception exception, string reconciler, TKey key, int failures);
    }
}
