using System.Text.Json.Nodes;
using Coxswain.ApiServer.Documents;
using Coxswain.ApiServer.Resources;
using Coxswain.Store;

namespace Coxswain.ApiServer.Admission.Policies;

/// <summary>Finds the objects that parametrize a policy where a binding says they are.</summary>
internal sealed class PolicyParams(IStore store, CatalogueHolder catalogue)
{
    public async ValueTask<FoundParams> FindAsync(
        PolicyDefinition policy, PolicyBinding binding, AdmissionContext context, CancellationToken cancellationToken)
    {
        if (policy.ParamKind is not { } kind)
        {
            return FoundParams.None;
        }

        if (binding.Params is not { } reference)
        {
            // The policy's expressions then meet null.
            return FoundParams.None;
        }

        if (catalogue.Current.All.FirstOrDefault(served => served.Kind == kind) is not { } resource)
        {
            return FoundParams.Failed($"failed to find resource referenced by paramKind: '{kind.ApiVersion}, Kind={kind.Kind}'");
        }

        var @namespace = "";
        if (resource.Resource.Namespaced)
        {
            @namespace = reference.Namespace.Length > 0 ? reference.Namespace : context.Request.Namespace;
            if (@namespace.Length == 0)
            {
                return FoundParams.Failed("cannot use namespaced paramRef in policy binding that matches cluster-scoped resources");
            }
        }
        else if (reference.Namespace.Length > 0)
        {
            return FoundParams.Failed("paramRef.namespace must not be provided for a cluster-scoped `paramKind`");
        }

        var found = new List<JsonObject?>();
        foreach (var entry in await EntriesAsync(resource, @namespace, reference, cancellationToken))
        {
            var shown = await resource.ShowAsync(entry, cancellationToken);
            found.Add(Document.DecodeWithVersion(shown.Value, shown.ModRevision));
        }

        return found.Count > 0 ? new FoundParams(found, null)
            : reference.AllowsNone ? new FoundParams([], null)
            : FoundParams.Failed("no params found for policy binding with `Deny` parameterNotFoundAction");
    }

    private async ValueTask<IReadOnlyList<StoreEntry>> EntriesAsync(
        ServedResource resource, string @namespace, ParamReference reference, CancellationToken cancellationToken)
    {
        if (reference.Name.Length > 0)
        {
            return await store.GetAsync(resource.Key(@namespace, reference.Name), cancellationToken) is { } entry ? [entry] : [];
        }

        var list = await store.ListAsync(new ListQuery(resource.Prefix(@namespace)), cancellationToken);
        return [.. list.Entries.Where(entry => reference.Selector?.Matches(StoredObject.Of(entry).Labels) == true)];
    }
}

/// <param name="Params">Each is evaluated for itself; a null one stands for a policy without. Empty when there are none and need not be.</param>
/// <param name="Error">Why they cannot be had; null when they can.</param>
internal sealed record FoundParams(IReadOnlyList<JsonObject?> Params, string? Error)
{
    public static readonly FoundParams None = new([null], null);

    public static FoundParams Failed(string error) => new([], error);
}
