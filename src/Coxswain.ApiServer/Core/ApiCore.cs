using System.Text.Json.Nodes;
using Coxswain.Api;
using Coxswain.Api.Meta.V1;
using Coxswain.ApiServer.Authorization;
using Coxswain.ApiServer.Documents;
using Coxswain.ApiServer.Requests;
using Coxswain.ApiServer.Resources;
using Coxswain.ApiServer.Users;
using Coxswain.ApiServer.Verbs;
using Coxswain.ApiServer.Watch;
using Coxswain.Store;

namespace Coxswain.ApiServer.Core;

/// <summary>
/// The API's verbs, independent of how a request came: HTTP and the in-process client both call these, so identity,
/// authorization, admission and validation are the same for both.
/// </summary>
internal sealed class ApiCore(
    ObjectReader reader, ObjectCreator creator, ObjectUpdater updater, ObjectDeleter deleter, ObjectWatcher watcher, IAuthorizer authorizer,
    PostHandlers posts)
{
    public async ValueTask<StoreEntry> GetAsync(ApiRequest request, string resourceVersion, CancellationToken cancellationToken)
    {
        await AuthorizeAsync(request, cancellationToken);
        return await reader.GetAsync(request, resourceVersion, cancellationToken);
    }

    public async ValueTask<ListPage> ListAsync(ApiRequest request, ListParameters options, CancellationToken cancellationToken)
    {
        await AuthorizeAsync(request, options.FieldSelector, cancellationToken);
        return await reader.ListAsync(request, options, cancellationToken);
    }

    public async ValueTask<WatchSession> WatchAsync(ApiRequest request, ListParameters options, CancellationToken cancellationToken)
    {
        await AuthorizeAsync(request, options.FieldSelector, cancellationToken);
        return await watcher.WatchAsync(request, options, cancellationToken);
    }

    /// <param name="document">Of the resource's schema; defaults are filled in here.</param>
    public async ValueTask<StoreEntry> CreateAsync(ApiRequest request, JsonObject document, CancellationToken cancellationToken)
    {
        await AuthorizeAsync(request, cancellationToken);
        Default(request.Resource, document);
        return await creator.CreateAsync(request, document, cancellationToken);
    }

    /// <summary>Replaces the object or its status.</summary>
    public async ValueTask<StoreEntry> UpdateAsync(ApiRequest request, JsonObject document, CancellationToken cancellationToken)
    {
        await AuthorizeAsync(request, cancellationToken);
        Default(request.Resource, document);
        return request.Subresource == "finalize"
            ? await updater.UpdateAsync(request, current => Finalize(current, document), cancellationToken)
            : await updater.UpdateAsync(request, _ => (JsonObject)document.DeepClone(), cancellationToken);
    }

    public async ValueTask<StoreEntry> PatchAsync(ApiRequest request, ObjectPatch patch, CancellationToken cancellationToken)
    {
        await AuthorizeAsync(request, cancellationToken);
        return await updater.UpdateAsync(request, current =>
        {
            var patched = patch.Apply(current, request);
            Default(request.Resource, patched);
            return patched;
        }, cancellationToken);
    }

    public async ValueTask<DeleteResult> DeleteAsync(ApiRequest request, DeleteOptions options, CancellationToken cancellationToken)
    {
        await AuthorizeAsync(request, cancellationToken);
        return await deleter.DeleteAsync(request, options, cancellationToken);
    }

    /// <summary>Deletes every object of a list and returns that list as it was.</summary>
    public async ValueTask<ListPage> DeleteCollectionAsync(
        ApiRequest request, ListParameters list, DeleteOptions options, CancellationToken cancellationToken)
    {
        await AuthorizeAsync(request, list.FieldSelector, cancellationToken);
        var page = await reader.ListAsync(request, list, cancellationToken);
        foreach (var entry in page.Entries)
        {
            var metadata = StoredObject.ReadMetadata(entry);
            try
            {
                await deleter.DeleteAsync(request with { Namespace = metadata.Namespace, Name = metadata.Name }, options, cancellationToken);
            }
            catch (KubeStatusException exception) when (exception.Status.Reason == StatusReason.NotFound)
            {
                // Somebody else deleted it first, which is what was asked for.
            }
        }

        return page;
    }

    /// <summary>The route of a POST that is answered rather than stored; null for all others.</summary>
    public PostHandlers.Route? FindPost(ApiRequest request) => posts.Find(request.Resource, request.Subresource);

    public async ValueTask<JsonObject> PostAsync(ApiRequest request, PostHandlers.Route route, JsonObject body, CancellationToken cancellationToken)
    {
        await AuthorizeAsync(request, cancellationToken);
        if (Schemas.Find(route.BodyKind) is { } schema)
        {
            Defaulting.Apply(body, schema);
        }

        return await route.Handler.HandleAsync(request, body, cancellationToken);
    }

    public async ValueTask<StoreEntry> GetScaleAsync(ApiRequest request, CancellationToken cancellationToken)
    {
        await AuthorizeAsync(request, cancellationToken);
        return ScaleDocument.Read(await reader.GetAsync(request, "", cancellationToken));
    }

    /// <param name="change">From the present Scale to the wanted one.</param>
    public async ValueTask<StoreEntry> UpdateScaleAsync(ApiRequest request, Func<JsonObject, JsonObject> change, CancellationToken cancellationToken)
    {
        await AuthorizeAsync(request, cancellationToken);
        var updated = await updater.UpdateAsync(request, current => ScaleDocument.Apply(current, change), cancellationToken);
        return ScaleDocument.Read(updated);
    }

    public ValueTask AuthorizeAsync(ApiRequest request, CancellationToken cancellationToken) => AuthorizeAsync(request, "", cancellationToken);

    /// <summary>A list of one name is a request for that name, and a namespace lies in itself.</summary>
    private async ValueTask AuthorizeAsync(ApiRequest request, string fieldSelector, CancellationToken cancellationToken)
    {
        var resource = request.Resource.Resource;
        var name = request.Subresource.Length == 0 ? resource.Plural : $"{resource.Plural}/{request.Subresource}";
        var fields = fieldSelector.Length > 0 && FieldSelector.TryParse(fieldSelector, out var selector, out _) ? selector : null;
        var attributes = new AccessAttributes(
            request.User, request.Verb, resource.Group, name,
            resource is { Group: "", Plural: "namespaces" } ? request.Name : request.Namespace,
            request.Name.Length > 0 ? request.Name : fields?.RequiredValue("metadata.name") ?? "")
        { Fields = fields };
        if (!await authorizer.AllowsAsync(attributes, cancellationToken))
        {
            throw new KubeStatusException(Statuses.Forbidden(resource.QualifiedName, request.Name, Refusal(attributes)));
        }
    }

    private static string Refusal(AccessAttributes attributes)
    {
        var place = attributes.Namespace.Length > 0 ? $" in the namespace \"{attributes.Namespace}\"" : " at the cluster scope";
        return $"User \"{attributes.User.Name}\" cannot {attributes.Verb} resource \"{attributes.Resource}\" in API group \"{attributes.Group}\"{place}";
    }

    /// <summary>Only the namespace controller's list of what is still to be done changes.</summary>
    private static JsonObject Finalize(JsonObject current, JsonObject document)
    {
        current.ObjectOrNew("spec").Take("finalizers", document.ObjectOrNew("spec"));
        current.Metadata().Take("resourceVersion", document.Metadata());
        return current;
    }

    private static void Default(ServedResource resource, JsonObject document)
    {
        if (resource.Schema is { } schema)
        {
            Defaulting.Apply(document, schema);
        }
    }
}
