using Coxswain.Api;
using Coxswain.Api.Errors;
using Coxswain.ApiServer.Documents;
using Coxswain.ApiServer.Resources;
using Coxswain.Client;
using Coxswain.Store;
using StoreQuery = Coxswain.Store.ListQuery;

namespace Coxswain.ApiServer.Watch;

/// <summary>Opens watches.</summary>
internal sealed class ObjectWatcher(IStore store, Random random, TimeProvider time)
{
    /// <summary>A watch that names no timeout lives between one and two of these, so that not all are renewed at once.</summary>
    private static readonly TimeSpan LeastTimeout = TimeSpan.FromMinutes(30);

    public async ValueTask<WatchSession> WatchAsync(ApiRequest request, ListParameters options, CancellationToken cancellationToken)
    {
        CheckOptions(options);
        var selection = Selection.Parse(request.Resource, options.LabelSelector, options.FieldSelector);
        var prefix = selection.Prefix(request.Resource, request.Namespace);
        var wanted = ResourceVersions.Parse(options.ResourceVersion) ?? 0;
        List<WatchItem>? initial = null;
        var after = wanted;
        if ((wanted == 0 && options.SendInitialEvents != false) || options.SendInitialEvents == true)
        {
            var list = await store.ListAsync(new StoreQuery(prefix), cancellationToken);
            if (wanted > list.Revision)
            {
                throw ResourceVersions.TooLarge(wanted, list.Revision);
            }

            initial = [.. list.Entries.Where(selection.Matches).Select(entry => new WatchItem(WatchEventType.Added, entry, entry.ModRevision))];
            if (options.SendInitialEvents == true && options.AllowWatchBookmarks)
            {
                initial.Add(new WatchItem(WatchEventType.Bookmark, null, list.Revision, EndsInitialEvents: true));
            }

            after = list.Revision;
        }
        else if (wanted == 0)
        {
            after = await store.GetRevisionAsync(cancellationToken);
        }

        var result = await store.WatchAsync(prefix, after, cancellationToken);
        var timeout = options.Timeout ?? LeastTimeout + (LeastTimeout * Chance());
        return result.Outcome switch
        {
            ReadOutcome.Ok => new WatchSession(result.Watcher!, selection, request.Resource, initial, options, timeout, time), // Ok comes with a watcher
            ReadOutcome.Compacted => throw new KubeStatusException(Statuses.Expired($"too old resource version: {ResourceVersions.Format(after)}")),
            _ => throw ResourceVersions.TooLarge(after, await store.GetRevisionAsync(cancellationToken)),
        };
    }

    private static void CheckOptions(ListParameters options)
    {
        var error = options switch
        {
            { SendInitialEvents: not null, ResourceVersionMatch: not "NotOlderThan" } =>
                FieldError.Forbidden("resourceVersionMatch", "sendInitialEvents requires setting resourceVersionMatch to NotOlderThan"),
            { SendInitialEvents: null, ResourceVersionMatch.Length: > 0 } =>
                FieldError.Forbidden("resourceVersionMatch", "resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided"),
            _ => null,
        };
        if (error is not null)
        {
            throw new KubeStatusException(Statuses.Invalid(new ObjectKind("meta.k8s.io/v1", "ListOptions"), "", [error]));
        }
    }

    private double Chance()
    {
        lock (random)
        {
            return random.NextDouble();
        }
    }
}
