using Coxswain.Api.Resources;

namespace Coxswain.Client.Informers;

/// <summary>An informer of any type, as its factory runs it.</summary>
public interface IInformer
{
    ApiResource Resource { get; }

    /// <summary>The first list is in the cache and its notifications were delivered.</summary>
    bool HasSynced { get; }

    Task WaitForSyncAsync(CancellationToken cancellationToken);

    /// <summary>Lists and watches until cancelled. Called once, by the factory.</summary>
    Task RunAsync(CancellationToken cancellationToken);
}
