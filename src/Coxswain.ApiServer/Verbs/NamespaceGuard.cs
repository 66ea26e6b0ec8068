using Coxswain.Api.Errors;
using Coxswain.ApiServer.Documents;
using Coxswain.ApiServer.Resources;
using Coxswain.Store;

namespace Coxswain.ApiServer.Verbs;

/// <summary>
/// Takes back what was created while its namespace began to end. Admission looks at the namespace before the write, and
/// whoever empties the namespace may have listed the resource before the write too; a namespace that is still active
/// after it will be emptied of it.
/// </summary>
internal sealed class NamespaceGuard(IStore store, ServedResource namespaces)
{
    /// <summary>Not cancelled with the request: what it created is there whether or not anybody waits for the answer.</summary>
    /// <exception cref="KubeStatusException">The namespace ends or is gone; the entry was removed.</exception>
    public async ValueTask CheckAsync(ApiRequest request, StoreEntry created)
    {
        if (!request.Resource.Resource.Namespaced)
        {
            return;
        }

        var entry = await store.GetAsync(namespaces.Key("", request.Namespace), CancellationToken.None);
        if (entry is not null && StoredObject.Of(entry).Metadata.DeletionTimestamp is null)
        {
            return;
        }

        // A conflict means that somebody changed or removed it already, and will meet the same end.
        var removed = await store.WriteAsync(StoreWrite.Delete(created.Key, created.ModRevision), CancellationToken.None);
        if (removed.Outcome == WriteOutcome.Committed)
        {
            await request.Resource.Rules.ReleasedAsync(Document.Decode(created.Value), CancellationToken.None);
        }

        throw new KubeStatusException(entry is null
            ? Statuses.NotFound("namespaces", request.Namespace)
            : Statuses.NamespaceTerminating(request.Resource.QualifiedName, request.Name, request.Namespace));
    }
}
