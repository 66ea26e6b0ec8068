using Coxswain.Api;
using Coxswain.Client;

namespace Coxswain.Testing.Client;

/// <summary>Waiting, by the real clock and with a bound, for what parts on other threads bring about.</summary>
public static class KubeClientWaits
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    /// <summary>Reads until the condition holds, woken by every change of the resource.</summary>
    public static async Task<IReadOnlyList<T>> WaitForAsync<T>(this IKubeClient client, string what, Func<IReadOnlyList<T>, bool> holds)
        where T : class, IKubeObject<T>
    {
        using var timeout = new CancellationTokenSource(Patience, TimeProvider.System);
        IReadOnlyList<T> seen = [];
        try
        {
            while (true)
            {
                var list = await client.ListAsync<T>(null, ListQuery.All, timeout.Token);
                seen = list.Items;
                if (holds(seen))
                {
                    return seen;
                }

                await foreach (var _ in client.WatchAsync<T>(null, new WatchQuery(list.Metadata.ResourceVersion), timeout.Token))
                {
                    break;
                }
            }
        }
        catch (OperationCanceledException)
        {
            throw new TimeoutException($"{what} did not come about; seen: {string.Join('\n', seen)}");
        }
    }
}
