using Coxswain.Store;

namespace Coxswain.ApiServer.Resources;

/// <summary>Objects of a resource that are stored nowhere, but made when somebody asks for them.</summary>
internal interface IComputedObjects
{
    /// <param name="namespace">Empty for every namespace, and for kinds that have none.</param>
    /// <param name="name">Empty for all there are.</param>
    ValueTask<IReadOnlyList<StoreEntry>> ReadAsync(string @namespace, string name, CancellationToken cancellationToken);
}
