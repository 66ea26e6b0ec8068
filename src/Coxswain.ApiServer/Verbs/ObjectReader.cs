using Coxswain.Api;
using Coxswain.Api.Errors;
using Coxswain.Api.Meta.V1;
using Coxswain.ApiServer.Documents;
using Coxswain.ApiServer.Resources;
using Coxswain.Store;

namespace Coxswain.ApiServer.Verbs;

/// <summary>Gets and lists objects from the store's snapshots.</summary>
internal sealed class ObjectReader(IStore store)
{
    /// <summary>How many entries a filtered page reads from the store at a time.</summary>
    private const int FilterChunk = 1000;

    public async ValueTask<StoreEntry> GetAsync(ApiRequest request, string resourceVersion, CancellationToken cancellationToken)
    {
        if (request.Resource.Computed is { } computed)
        {
            return (await computed.ReadAsync(request.Namespace, request.Name, cancellationToken)).FirstOrDefault()
                ?? throw new KubeStatusException(Statuses.NotFound(request.Resource.QualifiedName, request.Name));
        }

        if (resourceVersion.Length > 0 && ResourceVersions.Parse(resourceVersion) is > 0 and var wanted
            && await store.GetRevisionAsync(cancellationToken) is var newest && wanted > newest)
        {
            throw ResourceVersions.TooLarge(wanted, newest);
        }

        return await store.GetAsync(request.Key, cancellationToken)
            ?? throw new KubeStatusException(Statuses.NotFound(request.Resource.QualifiedName, request.Name));
    }

    public async ValueTask<ListPage> ListAsync(ApiRequest request, ListParameters options, CancellationToken cancellationToken)
    {
        CheckOptions(options);
        var selection = Selection.Parse(request.Resource, options.LabelSelector, options.FieldSelector);
        if (request.Resource.Computed is { } computed)
        {
            var all = await computed.ReadAsync(request.Namespace, selection.Name ?? "", cancellationToken);
            return new ListPage([.. all.Where(selection.Matches)], await store.GetRevisionAsync(cancellationToken), "", null);
        }

        var prefix = request.Resource.Prefix(request.Namespace);
        var (startAfter, revision) = await StartAsync(request.Resource, options, cancellationToken);
        var hasOneKey = selection.Name is not null && (!request.Resource.Resource.Namespaced || request.Namespace.Length > 0);
        if (hasOneKey && startAfter is null && revision == 0)
        {
            return await ListOneAsync(request, selection, cancellationToken);
        }

        return selection.IsEverything
            ? await ListAllAsync(request, options, new ListQuery(prefix, startAfter, options.Limit, revision), cancellationToken)
            : await ListSelectedAsync(request, options, selection, new ListQuery(prefix, startAfter, 0, revision), cancellationToken);
    }

    private static void CheckOptions(ListParameters options)
    {
        if (options.ResourceVersionMatch.Length > 0)
        {
            var error =
                options.Continue.Length > 0 ? FieldError.Forbidden("resourceVersionMatch", "resourceVersionMatch is forbidden if continue is provided")
                : options.ResourceVersion.Length == 0 ? FieldError.Forbidden("resourceVersionMatch", "resourceVersionMatch is forbidden unless resourceVersion is provided")
                : options.ResourceVersionMatch is not ("Exact" or "NotOlderThan")
                    ? FieldError.NotSupported("resourceVersionMatch", options.ResourceVersionMatch, ["Exact", "NotOlderThan"])
                : options.ResourceVersionMatch == "Exact" && options.ResourceVersion == "0"
                    ? FieldError.Forbidden("resourceVersionMatch", "resourceVersionMatch \"exact\" is forbidden for resourceVersion \"0\"")
                : null;
            if (error is not null)
            {
                throw new KubeStatusException(Statuses.Invalid(new ObjectKind("meta.k8s.io/v1", "ListOptions"), "", [error]));
            }
        }

        if (options.Continue.Length > 0 && options.ResourceVersion is not ("" or "0"))
        {
            throw new KubeStatusException(Statuses.BadRequest("specifying resource version is not allowed when using continue"));
        }
    }

    /// <summary>The key to start after and the snapshot to read (0 for the newest).</summary>
    private async ValueTask<(string? StartAfter, long Revision)> StartAsync(
        ServedResource resource, ListParameters options, CancellationToken cancellationToken)
    {
        if (options.Continue.Length > 0)
        {
            var token = ContinueToken.Decode(options.Continue);
            return (resource.KeyPrefix + token.StartAfter, Math.Max(token.Revision, 0));
        }

        if (ResourceVersions.Parse(options.ResourceVersion) is not (> 0 and var wanted))
        {
            return (null, 0);
        }

        var newest = await store.GetRevisionAsync(cancellationToken);
        if (wanted > newest)
        {
            throw ResourceVersions.TooLarge(wanted, newest);
        }

        // A limit without a match means exactly that version, as it did before matches could be named.
        var exact = options.ResourceVersionMatch == "Exact" || (options.ResourceVersionMatch.Length == 0 && options.Limit > 0);
        return (null, exact ? wanted : 0);
    }

    private async ValueTask<ListPage> ListOneAsync(ApiRequest request, Selection selection, CancellationToken cancellationToken)
    {
        var revision = await store.GetRevisionAsync(cancellationToken);
        var entry = await store.GetAsync(request.Resource.Key(request.Namespace, selection.Name!), cancellationToken); // not null: the caller looked
        return new ListPage(
            entry is not null && selection.Matches(entry) ? [entry] : [], Math.Max(revision, entry?.ModRevision ?? 0), "", null);
    }

    private async ValueTask<ListPage> ListAllAsync(ApiRequest request, ListParameters options, ListQuery query, CancellationToken cancellationToken)
    {
        var result = await store.ListAsync(query, cancellationToken);
        Check(request, options, result.Outcome, query, result.Revision);
        var hasMore = options.Limit > 0 && result.RemainingCount > 0;
        return new ListPage(
            result.Entries, result.Revision, hasMore ? Token(request, result.Revision, result.Entries[^1].Key) : "",
            hasMore ? result.RemainingCount : null);
    }

    private async ValueTask<ListPage> ListSelectedAsync(
        ApiRequest request, ListParameters options, Selection selection, ListQuery query, CancellationToken cancellationToken)
    {
        var selected = new List<StoreEntry>();
        query = query with { Limit = options.Limit > 0 ? FilterChunk : 0 };
        while (true)
        {
            var result = await store.ListAsync(query, cancellationToken);
            Check(request, options, result.Outcome, query, result.Revision);
            for (var i = 0; i < result.Entries.Count; i++)
            {
                if (!selection.Matches(result.Entries[i]))
                {
                    continue;
                }

                selected.Add(result.Entries[i]);
                if (selected.Count == options.Limit && (i + 1 < result.Entries.Count || result.RemainingCount > 0))
                {
                    return new ListPage(selected, result.Revision, Token(request, result.Revision, result.Entries[i].Key), null);
                }
            }

            if (query.Limit == 0 || result.RemainingCount == 0)
            {
                return new ListPage(selected, result.Revision, "", null);
            }

            query = query with { StartAfter = result.Entries[^1].Key, Revision = result.Revision };
        }
    }

    private static string Token(ApiRequest request, long revision, string key) =>
        new ContinueToken(revision, key[request.Resource.KeyPrefix.Length..]).Encode();

    private static void Check(ApiRequest request, ListParameters options, ReadOutcome outcome, ListQuery query, long newest)
    {
        switch (outcome)
        {
            case ReadOutcome.Compacted when options.Continue.Length > 0:
                var status = Statuses.Expired(
                    "The provided continue parameter is too old to display a consistent list result. You can start a new list without "
                    + "the continue parameter, or use the continue token in this response to retrieve the remainder of the results. "
                    + "Continuing with the provided token results in an inconsistent list - objects that were created, modified, or "
                    + "deleted between the time the first chunk was returned and now may show up in the list.");
                throw new KubeStatusException(status with
                {
                    Metadata = new ListMeta { Continue = new ContinueToken(-1, query.StartAfter![request.Resource.KeyPrefix.Length..]).Encode() },
                });
            case ReadOutcome.Compacted:
                throw new KubeStatusException(Statuses.Expired($"The resourceVersion for the provided list is too old."));
            case ReadOutcome.Future:
                throw ResourceVersions.TooLarge(query.Revision, newest);
        }
    }
}
