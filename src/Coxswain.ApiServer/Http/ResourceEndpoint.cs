using Coxswain.Api;
using Coxswain.Api.Errors;
using Coxswain.Api.Meta.V1;
using Coxswain.ApiServer.Audit;
using Coxswain.ApiServer.Core;
using Coxswain.ApiServer.Documents;
using Coxswain.ApiServer.Resources;
using Coxswain.ApiServer.Users;
using Coxswain.ApiServer.Verbs;
using Coxswain.Client;
using Microsoft.AspNetCore.Http;

namespace Coxswain.ApiServer.Http;

/// <summary>Everything below a group-version: turns HTTP into the verbs of <see cref="ApiCore"/> and their results into answers.</summary>
internal sealed class ResourceEndpoint(
    CatalogueHolder resources, ApiCore core, AnswerFormatter formatter, WatchEndpoint watches, ConnectEndpoint connect, IGroupRouter? router)
{
    private static readonly string[] PatchTypes =
        ["application/json-patch+json", "application/merge-patch+json", "application/strategic-merge-patch+json", "application/apply-patch+yaml"];

    public Task HandleAsync(HttpContext context, in RequestInfo info, User user)
    {
        if (TryRoute(context, info, user) is { } routed)
        {
            return routed;
        }

        var resource = resources.Find(info.Group, info.Version, info.Resource)
            ?? throw new KubeStatusException(Statuses.ResourceNotFound());
        if (info.Subresource.Length > 0 && !resource.HasSubresource(info.Subresource))
        {
            throw new KubeStatusException(Statuses.ResourceNotFound());
        }

        var query = context.Request.Query;
        var verb = VerbOf(context.Request.Method, info, query);
        if (!Allows(resource, info, verb))
        {
            throw new KubeStatusException(Statuses.MethodNotAllowed());
        }

        if (info.Namespace.Length > 0 && !resource.Resource.Namespaced)
        {
            throw new KubeStatusException(Statuses.ResourceNotFound());
        }

        if (resource.Deprecation.Length > 0)
        {
            HttpAnswer.Warn(context, [resource.Deprecation]);
        }

        if (resource.Resource.Namespaced && info.Namespace.Length == 0 && (info.Name.Length > 0 || verb == "create"))
        {
            throw new KubeStatusException(verb == "create"
                ? Statuses.MethodNotAllowed() : Statuses.BadRequest("an empty namespace may not be set when a resource name is provided"));
        }

        var request = new ApiRequest(user, verb, resource, info.Namespace, info.Name)
        {
            Subresource = info.Subresource,
            DryRun = query.Count > 0 && RequestQuery.ReadDryRun(query, verb),
            FieldManager = query.Count > 0 ? RequestQuery.ReadFieldManager(query, verb) : "",
            AuditAnnotations = context.Features.Get<AuditRecord>()?.Annotations,
            UserAgent = verb is "create" or "update" or "patch" ? context.Request.Headers.UserAgent.ToString() : "",
        };
        return info.Subresource is "log" or "proxy" or "exec" or "attach" or "portforward"
            ? connect.HandleAsync(context, request, info.Rest)
            : verb switch
            {
                "get" => GetAsync(context, request),
                "list" => ListAsync(context, request),
                "watch" => watches.HandleAsync(context, request, ReadWatch(query, info)),
                "create" => CreateAsync(context, request),
                "update" => UpdateAsync(context, request),
                "patch" => PatchAsync(context, request),
                "delete" => DeleteAsync(context, request),
                _ => DeleteCollectionAsync(context, request),
            };
    }

    /// <summary>Null when the group-version is served here, or by nobody.</summary>
    public Task? TryRoute(HttpContext context, in RequestInfo info, User user) => router?.TryRoute(context, info.Group, info.Version, user);

    private static string VerbOf(string method, in RequestInfo info, IQueryCollection query) => method switch
    {
        "GET" or "HEAD" when info.IsWatchPath || (query.Count > 0 && info.Subresource.Length == 0 && query.Flag("watch")) => "watch",
        "GET" or "HEAD" => info.Name.Length > 0 ? "get" : "list",
        _ when info.IsWatchPath => throw new KubeStatusException(Statuses.MethodNotAllowed()),
        "POST" => "create",
        "PUT" => "update",
        "PATCH" => "patch",
        "DELETE" => info.Name.Length > 0 ? "delete" : "deletecollection",
        "OPTIONS" when info.Subresource == "proxy" => "", // passed on, and allowed to whom every verb is
        _ => throw new KubeStatusException(Statuses.MethodNotAllowed()),
    };

    private static bool Allows(ServedResource resource, in RequestInfo info, string verb)
    {
        if (info.Subresource.Length > 0)
        {
            var name = info.Subresource;
            return name is "proxy" || resource.Resource.Subresources.First(subresource => subresource.Name == name).Verbs.Contains(verb);
        }

        var isCollectionVerb = verb is "create" or "list" or "deletecollection";
        return resource.Allows(verb) && (verb == "watch" || isCollectionVerb == (info.Name.Length == 0));
    }

    /// <summary>A watch of one name by its path is a watch with a field selector.</summary>
    private static ListParameters ReadWatch(IQueryCollection query, in RequestInfo info)
    {
        var options = RequestQuery.ReadList(query);
        if (info.Name.Length == 0)
        {
            return options;
        }

        var selector = $"metadata.name={info.Name}";
        return options with { FieldSelector = options.FieldSelector.Length == 0 ? selector : $"{options.FieldSelector},{selector}" };
    }

    private async Task GetAsync(HttpContext context, ApiRequest request)
    {
        if (request.Subresource == "scale")
        {
            var scale = await core.GetScaleAsync(request, context.RequestAborted);
            await formatter.WriteAsync(context, request, 200, scale, scale.ModRevision);
            return;
        }

        var entry = await core.GetAsync(request, context.Request.Query.Text("resourceVersion"), context.RequestAborted);
        await formatter.WriteAsync(context, request, 200, entry, entry.ModRevision);
    }

    private async Task ListAsync(HttpContext context, ApiRequest request)
    {
        var page = await core.ListAsync(request, RequestQuery.ReadList(context.Request.Query), context.RequestAborted);
        await formatter.WriteListAsync(context, request, page);
    }

    private async Task CreateAsync(HttpContext context, ApiRequest request)
    {
        var body = BodyOf(context, request);
        if (core.FindPost(request) is { } route)
        {
            var answer = await core.PostAsync(request, route, body, context.RequestAborted);
            var kind = new ObjectKind(answer.TextAt("apiVersion"), answer.TextAt("kind"));
            await AnswerFormatter.WriteAsync(context, request, 201, kind, answer);
            return;
        }

        var created = await core.CreateAsync(request, body, context.RequestAborted);
        await formatter.WriteAsync(context, request, 201, created, created.ModRevision);
    }

    private async Task UpdateAsync(HttpContext context, ApiRequest request)
    {
        var body = BodyOf(context, request);
        var updated = request.Subresource == "scale"
            ? new Written(await core.UpdateScaleAsync(request, body, context.RequestAborted), IsNew: false)
            : await core.UpdateAsync(request, body, context.RequestAborted);
        await formatter.WriteAsync(context, request, updated.IsNew ? 201 : 200, updated.Entry, updated.Entry.ModRevision);
    }

    private async Task PatchAsync(HttpContext context, ApiRequest request)
    {
        var mediaType = RequestBody.MediaType(context.Request);
        if (mediaType == "application/apply-patch+yaml")
        {
            await ApplyAsync(context, request);
            return;
        }

        if (context.Request.Query.ContainsKey("force"))
        {
            throw new KubeStatusException(Statuses.Invalid(new ObjectKind("meta.k8s.io/v1", "PatchOptions"), "",
                [FieldError.Forbidden("force", "may not be specified for non-apply patch")]));
        }

        var type = mediaType switch
        {
            "application/json-patch+json" => PatchType.Json,
            "application/merge-patch+json" => PatchType.Merge,
            "application/strategic-merge-patch+json" => PatchType.StrategicMerge,
            _ => throw new KubeStatusException(Statuses.UnsupportedMediaType(PatchTypes)),
        };
        var validation = RequestQuery.ReadValidation(context.Request.Query, request.Verb);

        async ValueTask<ObjectPatch> ReadAsync(CancellationToken cancellationToken) =>
            ObjectPatch.Parse(type, await RequestBody.ReadAsync(context.Request, cancellationToken), validation);

        var patched = request.Subresource == "scale"
            ? await core.PatchScaleAsync(request, ReadAsync, context.RequestAborted)
            : await core.PatchAsync(request, ReadAsync, context.RequestAborted);
        await formatter.WriteAsync(context, request, 200, patched, patched.ModRevision);
    }

    private async Task ApplyAsync(HttpContext context, ApiRequest request)
    {
        var query = context.Request.Query;
        request = request with { Force = query.ContainsKey("force") && query.Flag("force") };
        var validation = RequestQuery.ReadValidation(query, request.Verb);
        var applied = await core.ApplyAsync(
            request, validation, async token => await RequestBody.ReadAsync(context.Request, token), context.RequestAborted);
        await formatter.WriteAsync(context, request, applied.IsNew ? 201 : 200, applied.Entry, applied.Entry.ModRevision);
    }

    private async Task DeleteAsync(HttpContext context, ApiRequest request)
    {
        var result = await core.DeleteAsync(request, _ => ReadDeleteOptionsAsync(context), context.RequestAborted);
        if (!result.IsGone || request.Resource.Rules.ReturnsDeletedObject)
        {
            await formatter.WriteAsync(context, request, 200, result.Entry, result.Entry.ModRevision);
            return;
        }

        var uid = StoredObject.ReadMetadata(result.Entry).Uid;
        await HttpAnswer.WriteAsync(context, Statuses.Deleted(request.Resource.Resource, request.Name, uid));
    }

    private async Task DeleteCollectionAsync(HttpContext context, ApiRequest request)
    {
        var page = await core.DeleteCollectionAsync(
            request, RequestQuery.ReadList(context.Request.Query), _ => ReadDeleteOptionsAsync(context), context.RequestAborted);
        await formatter.WriteListAsync(context, request, page);
    }

    private static HttpBody BodyOf(HttpContext context, ApiRequest request) =>
        new(context.Request, RequestQuery.ReadValidation(context.Request.Query, request.Verb));

    private static async ValueTask<DeleteOptions> ReadDeleteOptionsAsync(HttpContext context)
    {
        var options = RequestBody.DecodeOptions<DeleteOptions>(
            context.Request, await RequestBody.ReadAsync(context.Request, context.RequestAborted), DeleteOptions.ObjectKind);
        var query = context.Request.Query;
        if (RequestQuery.Integer(query, "gracePeriodSeconds") is { } seconds)
        {
            options = options with { GracePeriodSeconds = seconds };
        }

        if (query.ContainsKey("orphanDependents"))
        {
            options = options with { OrphanDependents = query.Flag("orphanDependents") };
        }

        return query.Text("propagationPolicy") is { Length: > 0 } policy ? options with { PropagationPolicy = policy } : options;
    }
}
