using System.Runtime.CompilerServices;
using Coxswain.Api;
using Coxswain.Api.Decoding;
using Coxswain.Api.Errors;
using Coxswain.Api.Json;
using Coxswain.Api.Meta.V1;
using Coxswain.Api.Resources;
using Coxswain.ApiServer.Core;
using Coxswain.ApiServer.Documents;
using Coxswain.ApiServer.Resources;
using Coxswain.ApiServer.Users;
using Coxswain.ApiServer.Verbs;
using Coxswain.ApiServer.Watch;
using Coxswain.Client;
using ListQuery = Coxswain.Client.ListQuery;

namespace Coxswain.ApiServer.InProcess;

/// <summary>
/// The API for parts of this process, each with an identity of its own. Reads hand out typed objects that are decoded
/// once per stored entry and shared by all readers; writes take the path of every other request.
/// </summary>
public sealed class InProcessKubeClient : IKubeClient
{
    private readonly ApiCore _core;
    private readonly CatalogueHolder _resources;
    private readonly User _user;

    /// <summary>What the part would be called as a program of its own; it owns fields under that name.</summary>
    private readonly string _program;

    internal InProcessKubeClient(ApiCore core, CatalogueHolder resources, User user)
    {
        _program = ProgramOf(user);
        _core = core;
        _resources = resources;
        _user = user;
    }

    public async Task<T> GetAsync<T>(ApiResource resource, string? @namespace, string name, CancellationToken cancellationToken)
        where T : IKubeObject<T>
    {
        return StoredObject.Of(await _core.GetAsync(Request(resource, "get", @namespace, name), "", cancellationToken)).As<T>();
    }

    public async Task<KubeList<T>> ListAsync<T>(ApiResource resource, string? @namespace, ListQuery query, CancellationToken cancellationToken)
        where T : IKubeObject<T>
    {
        var page = await _core.ListAsync(Request(resource, "list", @namespace, ""), Options(query), cancellationToken);
        var items = new T[page.Entries.Count];
        for (var i = 0; i < items.Length; i++)
        {
            items[i] = StoredObject.Of(page.Entries[i]).As<T>();
        }

        return new KubeList<T>(items, new ListMeta
        {
            ResourceVersion = ResourceVersions.Format(page.Revision),
            Continue = page.Continue,
            RemainingItemCount = page.Remaining,
        });
    }

    public async IAsyncEnumerable<WatchEvent<T>> WatchAsync<T>(
        ApiResource resource, string? @namespace, WatchQuery query, [EnumeratorCancellation] CancellationToken cancellationToken)
        where T : IKubeObject<T>
    {
        var options = new ListParameters
        {
            ResourceVersion = query.ResourceVersion,
            LabelSelector = query.LabelSelector,
            FieldSelector = query.FieldSelector,
            AllowWatchBookmarks = query.AllowBookmarks,
        };
        var session = await _core.WatchAsync(Request(resource, "watch", @namespace, ""), options, cancellationToken);
        await using (session)
        {
            while (true)
            {
                IReadOnlyList<WatchItem>? items;
                try
                {
                    items = await session.ReadAsync(cancellationToken);
                }
                catch (ObjectDisposedException) when (!cancellationToken.IsCancellationRequested)
                {
                    // The store was closed under us: the watch ends, as it would over the network.
                    yield break;
                }

                if (items is null)
                {
                    yield break;
                }

                foreach (var item in items)
                {
                    yield return new WatchEvent<T>(item.Type, Read<T>(item));
                }
            }
        }
    }

    public async Task<T> CreateAsync<T>(ApiResource resource, T obj, CancellationToken cancellationToken)
        where T : IKubeObject<T>
    {
        var request = Request(resource, "create", obj.Metadata.Namespace, "");
        return StoredObject.Of(await _core.CreateAsync(request, new TypedBody(obj), cancellationToken)).As<T>();
    }

    public async Task<T> UpdateAsync<T>(ApiResource resource, T obj, string subresource, CancellationToken cancellationToken)
        where T : IKubeObject<T>
    {
        var request = Request(resource, "update", obj.Metadata.Namespace, obj.Metadata.Name, subresource);
        var body = new TypedBody(obj);
        var entry = subresource == "scale"
            ? await _core.UpdateScaleAsync(request, body, cancellationToken)
            : (await _core.UpdateAsync(request, body, cancellationToken)).Entry;
        return StoredObject.Of(entry).As<T>();
    }

    public async Task<T> PatchAsync<T>(
        ApiResource resource, string? @namespace, string name, KubePatch patch, string subresource, CancellationToken cancellationToken)
        where T : IKubeObject<T>
    {
        var request = Request(resource, "patch", @namespace, name, subresource) with { FieldManager = patch.FieldManager, Force = patch.Force };
        if (patch.Type == PatchType.Apply)
        {
            var applied = await _core.ApplyAsync(
                request, FieldValidation.Warn, _ => ValueTask.FromResult(patch.Body.ToArray()), cancellationToken);
            return StoredObject.Of(applied.Entry).As<T>();
        }

        ValueTask<ObjectPatch> ReadAsync(CancellationToken token) => ValueTask.FromResult(ObjectPatch.Parse(patch.Type, patch.Body.Span, FieldValidation.Ignore));

        var entry = subresource == "scale"
            ? await _core.PatchScaleAsync(request, ReadAsync, cancellationToken)
            : await _core.PatchAsync(request, ReadAsync, cancellationToken);
        return StoredObject.Of(entry).As<T>();
    }

    public async Task DeleteAsync(
        ApiResource resource, string? @namespace, string name, DeleteOptions options, CancellationToken cancellationToken)
    {
        var request = Request(resource, "delete", @namespace, name);
        await _core.DeleteAsync(request, options, cancellationToken);
    }

    public async Task DeleteCollectionAsync(
        ApiResource resource, string? @namespace, ListQuery query, DeleteOptions options, CancellationToken cancellationToken)
    {
        var request = Request(resource, "deletecollection", @namespace, "");
        await _core.DeleteCollectionAsync(request, Options(query), _ => ValueTask.FromResult(options), cancellationToken);
    }

    public async Task<TResult> PostAsync<TBody, TResult>(
        ApiResource resource, string? @namespace, string name, string subresource, TBody body, CancellationToken cancellationToken)
        where TBody : IKubeType<TBody>
        where TResult : IKubeType<TResult>
    {
        var request = Request(resource, "create", @namespace, name, subresource);
        var route = _core.FindPost(request) ?? throw new KubeStatusException(Statuses.ResourceNotFound());
        var answer = await _core.PostAsync(request, route, new TypedBody(body), cancellationToken);
        return KubeJson.Deserialize<TResult>(Document.Utf8(answer));
    }

    private static ListParameters Options(ListQuery query) => new()
    {
        LabelSelector = query.LabelSelector,
        FieldSelector = query.FieldSelector,
        Limit = query.Limit,
        Continue = query.Continue,
        ResourceVersion = query.ResourceVersion,
    };

    private static T Read<T>(in WatchItem item)
        where T : IKubeObject<T>
    {
        if (item.Entry is not { } entry)
        {
            var empty = KubeJson.Deserialize<T>("{}"u8);
            return empty.WithMetadata(ObjectMeta.Empty with { ResourceVersion = ResourceVersions.Format(item.Revision) });
        }

        var value = StoredObject.Of(entry).As<T>();
        return entry.ModRevision == item.Revision
            ? value : value.WithMetadata(value.Metadata with { ResourceVersion = ResourceVersions.Format(item.Revision) });
    }

    private ApiRequest Request(ApiResource resource, string verb, string? @namespace, string name, string subresource = "") =>
        new(_user, verb, _resources.Of(resource), resource.Namespaced ? @namespace ?? "" : "", name) { Subresource = subresource, UserAgent = _program };

    private static string ProgramOf(User user) => user.Name switch
    {
        "system:kube-scheduler" => "kube-scheduler",
        var name when name.StartsWith("system:node:", StringComparison.Ordinal) => "kubelet",
        var name when name.StartsWith("system:serviceaccount:kube-system:", StringComparison.Ordinal) => "kube-controller-manager",
        var name => name[(name.LastIndexOf(':') + 1)..],
    };
}
