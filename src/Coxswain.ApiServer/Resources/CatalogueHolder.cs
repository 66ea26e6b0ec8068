using Coxswain.Api;
using Coxswain.Api.Errors;
using Coxswain.Api.Resources;
using Coxswain.Client;

namespace Coxswain.ApiServer.Resources;

/// <summary>Holds the catalogue that counts now, and tells who waits when another one takes its place.</summary>
internal sealed class CatalogueHolder(Catalogue first) : IKubeDiscovery
{
    private readonly Lock _lock = new();
    private volatile Catalogue _current = first;

    // Each waits in a context of its own, so that under virtual time it goes on where it was started.
    private List<TaskCompletionSource> _waiting = [];

    public Catalogue Current => _current;

    ServedResources IKubeDiscovery.Current => Current.Discovered;

    public ServedResource? Find(string apiGroup, string version, string plural) => Current.Find(apiGroup, version, plural);

    /// <exception cref="InvalidOperationException">Objects of the type are not served.</exception>
    public ServedResource Of<T>()
        where T : IKubeObject<T> => Of(ApiResources.Of<T>());

    public ServedResource Of(ApiResource resource) =>
        Find(resource.Group, resource.Version, resource.Plural) ?? throw new KubeStatusException(Statuses.ResourceNotFound());

    /// <summary>
    /// Puts another catalogue in the place of the present one. Watches of resources that are not in it any more end; their
    /// clients come again and meet what is served then.
    /// </summary>
    public void Change(Func<Catalogue, Catalogue> change)
    {
        Catalogue before, after;
        List<TaskCompletionSource> waiting;
        lock (_lock)
        {
            before = _current;
            after = change(before);
            _current = after;
            (waiting, _waiting) = (_waiting, []);
        }

        waiting.ForEach(waiter => waiter.TrySetResult());
        var kept = after.All.ToHashSet();
        foreach (var gone in before.All.Where(served => !kept.Contains(served)))
        {
            gone.Withdraw();
        }
    }

    public async Task<ServedResources> WaitForChangeAsync(ServedResources known, CancellationToken cancellationToken)
    {
        while (true)
        {
            var changed = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            lock (_lock)
            {
                if (!_current.Discovered.Equals(known))
                {
                    return _current.Discovered;
                }

                _waiting.Add(changed);
            }

            await using (cancellationToken.UnsafeRegister((_, token) => changed.TrySetCanceled(token), null))
            {
                await changed.Task;
            }
        }
    }

    /// <summary>Returns when the condition holds already, or once the catalogue was swapped: then it is to be asked again.</summary>
    internal async Task WaitForSwapAsync(Func<bool> holds, CancellationToken cancellationToken)
    {
        var changed = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        lock (_lock)
        {
            _waiting.Add(changed);
        }

        if (!holds())
        {
            await changed.Task.WaitAsync(cancellationToken);
        }
    }
}
