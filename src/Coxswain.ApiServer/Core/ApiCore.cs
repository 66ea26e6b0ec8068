using System.Text.Json.Nodes;
using Coxswain.Api;
using Coxswain.Api.Decoding;
using Coxswain.Api.Defaulting;
using Coxswain.Api.Errors;
using Coxswain.Api.Json;
using Coxswain.Api.Meta.V1;
using Coxswain.Api.Schemata;
using Coxswain.Api.Selectors;
using Coxswain.ApiServer.Admission;
using Coxswain.ApiServer.Authorization;
using Coxswain.ApiServer.Documents;
using Coxswain.ApiServer.Requests;
using Coxswain.ApiServer.Resources;
using Coxswain.ApiServer.Verbs;
using Coxswain.ApiServer.Watch;
using Coxswain.Store;

namespace Coxswain.ApiServer.Core;

/// <summary>
/// The API's verbs, independent of how a request came: HTTP and the in-process client both call these, so identity,
/// authorization, admission and validation are the same for both. Nothing a request carries is read before it is authorized.
/// </summary>
internal sealed class ApiCore(
    ObjectReader reader, ObjectCreator creator, ObjectUpdater updater, ObjectApplier applier, ObjectDeleter deleter, ObjectWatcher watcher, WriteSteps steps,
    IAuthorizer authorizer, PostHandlers posts)
{
    /// <summary>How many objects of a collection are deleted at once: enough that they share commits, few enough to leave others room.</summary>
    private const int DeleteWindow = 64;

    public async ValueTask<StoreEntry> GetAsync(ApiRequest request, string resourceVersion, CancellationToken cancellationToken)
    {
        await AuthorizeAsync(request, cancellationToken);
        return await request.Resource.ShowAsync(await reader.GetAsync(request, resourceVersion, cancellationToken), cancellationToken);
    }

    public async ValueTask<ListPage> ListAsync(ApiRequest request, ListParameters options, CancellationToken cancellationToken)
    {
        await AuthorizeAsync(request, options.FieldSelector, cancellationToken);
        return await ShowAsync(request, await reader.ListAsync(request, options, cancellationToken), cancellationToken);
    }

    public async ValueTask<WatchSession> WatchAsync(ApiRequest request, ListParameters options, CancellationToken cancellationToken)
    {
        await AuthorizeAsync(request, options.FieldSelector, cancellationToken);
        return await watcher.WatchAsync(request, options, cancellationToken);
    }

    public ValueTask<StoreEntry> CreateAsync(ApiRequest request, JsonObject document, CancellationToken cancellationToken) =>
        CreateAsync(request, new DocumentBody(document), cancellationToken);

    public async ValueTask<StoreEntry> CreateAsync(ApiRequest request, IRequestBody body, CancellationToken cancellationToken)
    {
        await AuthorizeAsync(request, cancellationToken);
        var document = await DecodeAsync(request, body, cancellationToken);
        return await request.Resource.ShowAsync(await creator.CreateAsync(request, document, cancellationToken), cancellationToken);
    }

    /// <summary>Replaces the object or its status; creates it where the kind allows that by an update.</summary>
    public async ValueTask<Written> UpdateAsync(ApiRequest request, IRequestBody body, CancellationToken cancellationToken)
    {
        await AuthorizeAsync(request, cancellationToken);
        var document = await DecodeAsync(request, body, cancellationToken);
        try
        {
            var updated = request.Subresource == "finalize"
                ? await updater.UpdateAsync(request, current => Finalize(current, document), cancellationToken)
                : await updater.UpdateAsync(request, _ => (JsonObject)document.DeepClone(), cancellationToken);
            return new Written(await request.Resource.ShowAsync(updated, cancellationToken), IsNew: false);
        }
        catch (KubeStatusException exception) when (exception.Status.Reason == StatusReason.NotFound && CreatesOnUpdate(request, document))
        {
            if (await updater.ExistsAsync(request, cancellationToken))
            {
                throw; // what was not found is something else that the write needs
            }

            request = request with { Verb = "create" };
            await AuthorizeAsync(request, cancellationToken);
            document.Metadata().Remove("resourceVersion");
            document.Metadata()["name"] = request.Name;
            var created = await creator.CreateAsync(request, document, cancellationToken);
            return new Written(await request.Resource.ShowAsync(created, cancellationToken), IsNew: true);
        }
    }

    /// <param name="read">Reads the patch; called once the request is authorized.</param>
    public async ValueTask<StoreEntry> PatchAsync(
        ApiRequest request, Func<CancellationToken, ValueTask<ObjectPatch>> read, CancellationToken cancellationToken)
    {
        await AuthorizeAsync(request, cancellationToken);
        var patch = await read(cancellationToken);
        var patched = patch.NamesManagedFields
            ? await updater.UpdateWithOwnersAsync(request, (current, token) => patch.ApplyAsync(current, request, token), cancellationToken)
            : await updater.UpdateAsync(
                request, async (current, _, token) => new Change(await patch.ApplyAsync(current, request, token)), isAdmitted: false, cancellationToken);
        Warn(request);
        return await request.Resource.ShowAsync(patched, cancellationToken);
    }

    /// <summary>Applies a configuration on the server's side, and creates the object when there is none.</summary>
    /// <param name="read">Reads the body; called once the request is authorized.</param>
    public async ValueTask<Written> ApplyAsync(
        ApiRequest request, FieldValidation validation, Func<CancellationToken, ValueTask<byte[]>> read, CancellationToken cancellationToken)
    {
        await AuthorizeAsync(request, cancellationToken);
        var body = await read(cancellationToken);
        if (request.Subresource == "scale")
        {
            var scale = AppliedConfiguration.Read(request, body, ScaleDocument.Kind, ScaleDocument.Schema, validation);
            var paths = request.Resource.Storage.Scale;
            var workload = await applier.ApplyToSubresourceAsync(
                request,
                ScaleDocument.ToConfiguration(scale, request.Resource.Kind, request.Resource.Scale),
                (old, applied, token) => AdmitScaleAsync(request, applied, ScaleDocument.From(old, paths), ScaleDocument.From(applied, paths), token),
                cancellationToken);
            return new Written(
                ScaleDocument.Read(await request.Resource.ShowAsync(workload, cancellationToken), request.Resource.Scale), IsNew: false);
        }

        var schema = request.Resource.Schema ?? throw new KubeStatusException(Statuses.ResourceNotFound());
        var configuration = AppliedConfiguration.Read(request, body, request.Resource.Kind, schema, validation);
        var (entry, isNew) = await applier.ApplyAsync(request, configuration, AuthorizeAsync, cancellationToken);
        Warn(request);
        return new Written(await request.Resource.ShowAsync(entry, cancellationToken), isNew);
    }

    public ValueTask<DeleteResult> DeleteAsync(ApiRequest request, DeleteOptions options, CancellationToken cancellationToken) =>
        DeleteAsync(request, _ => ValueTask.FromResult(options), cancellationToken);

    /// <param name="read">Reads the options; called once the request is authorized.</param>
    public async ValueTask<DeleteResult> DeleteAsync(
        ApiRequest request, Func<CancellationToken, ValueTask<DeleteOptions>> read, CancellationToken cancellationToken)
    {
        await AuthorizeAsync(request, cancellationToken);
        var result = await deleter.DeleteAsync(request, await read(cancellationToken), cancellationToken);
        return result with { Entry = await request.Resource.ShowAsync(result.Entry, cancellationToken) };
    }

    /// <summary>Deletes every object of a list and returns that list as it was.</summary>
    public async ValueTask<ListPage> DeleteCollectionAsync(
        ApiRequest request, ListParameters list, Func<CancellationToken, ValueTask<DeleteOptions>> read, CancellationToken cancellationToken)
    {
        await AuthorizeAsync(request, list.FieldSelector, cancellationToken);
        var options = await read(cancellationToken);
        var page = await reader.ListAsync(request, list, cancellationToken);
        foreach (var window in page.Entries.Chunk(DeleteWindow))
        {
            await Task.WhenAll(window.Select(entry => DeleteListedAsync(request, entry, options, cancellationToken)));
        }

        return await ShowAsync(request, page, cancellationToken);
    }

    /// <summary>Null when requests like this one create stored objects.</summary>
    public PostHandlers.Route? FindPost(ApiRequest request) => posts.Find(request.Resource, request.Subresource);

    public async ValueTask<JsonObject> PostAsync(ApiRequest request, PostHandlers.Route route, IRequestBody body, CancellationToken cancellationToken)
    {
        await AuthorizeAsync(request, cancellationToken);
        var schema = Schemas.Find(route.BodyKind) ?? throw new KubeStatusException(Statuses.ResourceNotFound());
        var document = await body.DecodeAsync(route.BodyKind, schema, request.Warnings, cancellationToken);
        ObjectDefaulting.Apply(document, schema);
        var context = new AdmissionContext(request, AdmissionOperation.Create, document, Old: null) { Kind = route.BodyKind };
        context = await steps.MutateAsync(context, schema, cancellationToken);
        await steps.AdmitAsync(context, cancellationToken);
        return await route.Handler.HandleAsync(request, context.Document!, cancellationToken); // a create has one
    }

    public async ValueTask<StoreEntry> GetScaleAsync(ApiRequest request, CancellationToken cancellationToken)
    {
        await AuthorizeAsync(request, cancellationToken);
        var entry = await reader.GetAsync(request, "", cancellationToken);
        return ScaleDocument.Read(await request.Resource.ShowAsync(entry, cancellationToken), request.Resource.Scale);
    }

    public ValueTask<StoreEntry> UpdateScaleAsync(ApiRequest request, IRequestBody body, CancellationToken cancellationToken) => ChangeScaleAsync(
        request,
        async token =>
        {
            var scale = await body.DecodeAsync(ScaleDocument.Kind, ScaleDocument.Schema, request.Warnings, token);
            return _ => (JsonObject)scale.DeepClone();
        },
        cancellationToken);

    public ValueTask<StoreEntry> PatchScaleAsync(
        ApiRequest request, Func<CancellationToken, ValueTask<ObjectPatch>> read, CancellationToken cancellationToken) => ChangeScaleAsync(
        request,
        async token =>
        {
            var patch = await read(token);
            return scale => patch.Apply(scale, ScaleDocument.Kind, ScaleDocument.Schema, request.Warnings);
        },
        cancellationToken);

    /// <summary>Opens a connection to what an object stands for: exec, attach, portforward, proxy.</summary>
    /// <param name="options">What was asked for, as the kind's options object (PodExecOptions).</param>
    public async ValueTask ConnectAsync(ApiRequest request, ObjectKind kind, JsonObject options, CancellationToken cancellationToken)
    {
        await AuthorizeAsync(request, cancellationToken);
        var context = new AdmissionContext(request, AdmissionOperation.Connect, options, Old: null) { Kind = kind };
        await steps.AdmitAsync(await steps.MutateAsync(context, schema: null, cancellationToken), cancellationToken);
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

    private static async ValueTask<ListPage> ShowAsync(ApiRequest request, ListPage page, CancellationToken cancellationToken) =>
        request.Resource.ShowsStored ? page : page with { Entries = await request.Resource.ShowAsync(page.Entries, cancellationToken) };

    /// <summary>The document in the stored version, with defaults.</summary>
    private static async ValueTask<JsonObject> DecodeAsync(ApiRequest request, IRequestBody body, CancellationToken cancellationToken)
    {
        var asked = request.Resource;
        var schema = asked.Schema ?? throw new KubeStatusException(Statuses.ResourceNotFound());
        var document = await body.DecodeAsync(asked.Kind, schema, request.Warnings, cancellationToken);
        Warn(request);
        return await WriteSteps.ToStoredAsync(request, document, cancellationToken);
    }

    private static void Warn(ApiRequest request)
    {
        if (request.Subresource.Length == 0 && request.Resource.Rules.Warning is { Length: > 0 } warning)
        {
            request.Warnings.Add($"{request.Resource.QualifiedName}: {warning}");
        }
    }

    private static bool CreatesOnUpdate(ApiRequest request, JsonObject document) =>
        request.Resource.Rules.AllowsCreateOnUpdate && request.Subresource.Length == 0
        && document.Metadata().Text("uid").Length == 0 && document.Metadata().Text("resourceVersion") is "" or "0";

    private async Task DeleteListedAsync(ApiRequest request, StoreEntry entry, DeleteOptions options, CancellationToken cancellationToken)
    {
        var metadata = StoredObject.Of(entry).Metadata;
        try
        {
            await deleter.DeleteAsync(request with { Namespace = metadata.Namespace, Name = metadata.Name }, options, cancellationToken);
        }
        catch (KubeStatusException exception) when (exception.Status.Reason == StatusReason.NotFound)
        {
            // Somebody else deleted it first, which is what was asked for.
        }
    }

    private async ValueTask<StoreEntry> ChangeScaleAsync(
        ApiRequest request, Func<CancellationToken, ValueTask<Func<JsonObject, JsonObject>>> read, CancellationToken cancellationToken)
    {
        await AuthorizeAsync(request, cancellationToken);
        var change = await read(cancellationToken);
        var paths = request.Resource.Storage.Scale;
        var updated = await updater.UpdateAsync(
            request,
            async (workload, _, token) =>
            {
                var old = ScaleDocument.From(workload, paths);
                return new Change(await AdmitScaleAsync(request, workload, old, change((JsonObject)old.DeepClone()), token));
            },
            isAdmitted: true,
            cancellationToken);
        return ScaleDocument.Read(updated, paths);
    }

    /// <summary>Admission sees the Scale, not the workload behind it.</summary>
    /// <returns>The workload as the admitted Scale says.</returns>
    private async ValueTask<JsonObject> AdmitScaleAsync(
        ApiRequest request, JsonObject workload, JsonObject old, JsonObject scale, CancellationToken cancellationToken)
    {
        var context = new AdmissionContext(request, AdmissionOperation.Update, scale, old) { Kind = ScaleDocument.Kind };
        context = await steps.MutateAsync(context, ScaleDocument.Schema, cancellationToken);
        var changed = ScaleDocument.Apply(workload, context.Document!, request.Resource.Storage.Scale); // an update has one
        await steps.AdmitAsync(context, cancellationToken);
        return changed;
    }

    /// <summary>Only the namespace controller's list of what is still to be done changes.</summary>
    private static JsonObject Finalize(JsonObject current, JsonObject document)
    {
        current.ObjectOrNew("spec").Take("finalizers", document.ObjectOrNew("spec"));
        current.Metadata().Take("resourceVersion", document.Metadata());
        return current;
    }
}

/// <param name="IsNew">An update that created.</param>
internal readonly record struct Written(StoreEntry Entry, bool IsNew);
