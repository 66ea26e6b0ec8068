using Coxswain.Api;
using Coxswain.Api.Errors;
using Coxswain.Api.Resources;
using Coxswain.Client;

namespace Coxswain.ApiServer.Resources;

/// <summary>Holds the catalogue that counts now, and tells who waits when another one takes its place.</summary>
internal sealed class CatalogueHolder(Catalogue first) : IKubeDiscovery
{
    private readonly Lock _lock = new();
    private volatile State _state = new(first);

    public Catalogue Current => _state.Catalogue;

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
        State before;
        Catalogue after;
        lock (_lock)
        {
            before = _state;
            after = change(before.Catalogue);
            _state = new State(after);
        }

        before.Replaced.SetResult();
        var kept = after.All.ToHashSet();
        foreach (var gone in before.Catalogue.All.Where(served => !kept.Contains(served)))
        {
            gone.Withdraw();
        }
    }

    public async Task<ServedResources> WaitForChangeAsync(ServedResources known, CancellationToken cancellationToken)
    {
        while (true)
        {
            var state = _state;
            if (!state.Catalogue.Discovered.Equals(known))
            {
                return state.Catalogue.Discovered;
            }

            await state.Replaced.Task.WaitAsync(cancellationToken);
        }
    }

    /// <summary>Returns when the condition holds already, or once the catalogue was swapped: then it is to be asked again.</summary>
    internal async Task WaitForSwapAsync(Func<bool> holds, CancellationToken cancellationToken)
    {
        var state = _state;
        if (!holds())
        {
            await state.Replaced.Task.WaitAsync(cancellationToken);
        }
    }

    private sealed record State(Catalogue Catalogue)
    {
        public TaskCompletionSource Replaced { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}
