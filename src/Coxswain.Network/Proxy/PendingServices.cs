using Coxswain.Client;
using Coxswain.Network.Signals;

namespace Coxswain.Network.Proxy;

/// <summary>
/// The Services that changed since the proxy last looked. Bounded by their number: one that changes twice is in it once.
/// </summary>
internal sealed class PendingServices : IDisposable
{
    private readonly Lock _lock = new();
    private readonly ChangeSignal _changes = new();
    private HashSet<NamespacedName> _services = [];

    public void Add(NamespacedName? service)
    {
        if (service is not { } name)
        {
            return;
        }

        // In the set before it is counted: who takes a count takes all that it counts.
        lock (_lock)
        {
            _services.Add(name);
        }

        _changes.Add();
    }

    /// <inheritdoc cref="ChangeSignal.Wake"/>
    public void Wake() => _changes.Wake();

    /// <param name="wait">Whether to wait until there is something; otherwise the batch may be empty.</param>
    public async Task<(IReadOnlyCollection<NamespacedName> Services, long Until)> TakeAsync(bool wait, CancellationToken cancellationToken)
    {
        var until = await _changes.TakeAsync(wait, cancellationToken);
        lock (_lock)
        {
            var taken = _services;
            _services = [];
            return (taken, until);
        }
    }

    /// <summary>Everything up to and including that batch is in the kernel.</summary>
    public void Done((IReadOnlyCollection<NamespacedName> Services, long Until) batch) => _changes.Done(batch.Until);

    public Task WaitUntilDoneAsync(CancellationToken cancellationToken) => _changes.WaitUntilDoneAsync(cancellationToken);

    public void Dispose() => _changes.Dispose();
}
