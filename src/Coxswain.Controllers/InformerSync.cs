using Coxswain.Client.Informers;

namespace Coxswain.Controllers;

/// <summary>Waiting for caches, but not for ever.</summary>
internal static class InformerSync
{
    /// <summary>A server that is up answers a list within seconds; later something is wrong that an operator must see.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    /// <summary>Waits until all hold their first list.</summary>
    /// <exception cref="TimeoutException">One does not hold it after two minutes.</exception>
    public static async Task WaitForSyncAsync(this IReadOnlyList<IInformer> informers, TimeProvider time, CancellationToken cancellationToken)
    {
        if (!await informers.TryWaitForSyncAsync(Patience, time, cancellationToken))
        {
            var missing = string.Join(", ", informers.Where(informer => !informer.HasSynced).Select(informer => informer.Resource.QualifiedName));
            throw new TimeoutException($"not listed within {Patience}: {missing}");
        }
    }

    /// <returns>False when one does not hold its first list by then.</returns>
    public static async Task<bool> TryWaitForSyncAsync(
        this IEnumerable<IInformer> informers, TimeSpan patience, TimeProvider time, CancellationToken cancellationToken)
    {
        using var timeout = new CancellationTokenSource(patience, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, cancellationToken);
        try
        {
            foreach (var informer in informers)
            {
                await informer.WaitForSyncAsync(either.Token);
            }

            return true;
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return false;
        }
    }
}
