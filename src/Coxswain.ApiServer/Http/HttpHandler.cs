using Coxswain.Api.Errors;
using Coxswain.ApiServer.Audit;
using Coxswain.ApiServer.Authentication;
using Coxswain.ApiServer.Authorization;
using Coxswain.ApiServer.FlowControl;
using Coxswain.ApiServer.Resources;
using Coxswain.ApiServer.Users;
using Coxswain.Store;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Coxswain.ApiServer.Http;

/// <summary>The one request delegate: who asks, for what, and the answer, whatever happens.</summary>
internal sealed partial class HttpHandler(
    RequestAuthenticator authenticator, ResourceEndpoint resources, DiscoveryEndpoint discovery, ServerEndpoints server, IAuthorizer authorizer,
    CatalogueHolder catalogue, FlowController flows, AuditLog? audit, RequestMetrics metrics, RequestBounds bounds, TimeProvider time, ILogger logger)
{
    private const int RetryAfterSeconds = 1;

    /// <summary>By these clients know that fairness is kept here, and stop to hold themselves back.</summary>
    private const string SchemaHeader = "X-Kubernetes-PF-FlowSchema-UID";

    private const string LevelHeader = "X-Kubernetes-PF-PriorityLevel-UID";

    /// <summary>An error's answer begins anew, but for these.</summary>
    private static readonly string[] KeptHeaders = [SchemaHeader, LevelHeader, "Audit-Id"];

    private readonly Impersonation _impersonation = new(authorizer);

    public async Task HandleAsync(HttpContext context)
    {
        var writes = context.Request.Method is not ("GET" or "HEAD");
        var start = metrics.Start(writes);
        var verb = "";
        var path = context.Request.Path.Value ?? "/";
        var info = RequestInfo.Parse(path);
        var lasts = Lasts(context.Request, info);
        using var deadline = lasts ? null : new RequestDeadline(context, bounds.Timeout, time);
        if (lasts && info.Subresource.Length == 0)
        {
            StallGuard.Watch(context, bounds.WatchPatience, time);
        }

        AuditRecord? record = null;
        try
        {
            var sender = await authenticator.AuthenticateAsync(context, context.RequestAborted);
            var user = sender is null ? User.Anonymous : await _impersonation.ApplyAsync(context.Request.Headers, sender, context.RequestAborted);
            var flow = FlowOf(context.Request, info, user, path);
            verb = flow.Verb;
            if (audit is not null)
            {
                record = await audit.BeginAsync(context, AuditedOf(info, flow, sender ?? user), user, lasts);
            }

            if (sender is null)
            {
                throw new KubeStatusException(Statuses.Unauthorized());
            }

            var place = await flows.ClassifyAsync(flow, context.RequestAborted);
            context.Response.Headers[SchemaHeader] = place.SchemaUid;
            context.Response.Headers[LevelHeader] = place.LevelUid;
            using var seat = lasts ? default : await place.EnterAsync(flow, context.RequestAborted);
            await (info.IsResource && info.Resource.Length > 0
                ? resources.HandleAsync(context, info, user)
                : HandleOtherAsync(context, path, info, user));
        }
        catch (KubeStatusException exception)
        {
            await AnswerAsync(context, exception.Status);
        }
        catch (OperationCanceledException) when (deadline?.TryEnd() == true)
        {
            await AnswerAsync(context, Statuses.Timeout("request did not complete within the allotted timeout", RetryAfterSeconds));
        }
        catch (OperationCanceledException) when (context.RequestAborted.IsCancellationRequested)
        {
        }
        catch (BadHttpRequestException exception)
        {
            await AnswerAsync(context, Statuses.BadRequest(exception.Message));
        }
        catch (StoreException exception) when (exception.Failure == StoreFailure.NoSpace)
        {
            // The store has said so in the log, once.
            await AnswerAsync(context, Statuses.InsufficientStorage(exception.Message));
        }
        catch (Exception exception)
        {
            Log.RequestFailed(logger, exception, context.Request.Method, context.Request.Path);
            await AnswerAsync(context, Statuses.InternalError(exception.Message));
        }

        var isServed = info.Resource.Length > 0 && catalogue.Find(info.Group, info.Version, info.Resource) is { } served
            && (info.Subresource.Length == 0 || served.HasSubresource(info.Subresource));
        metrics.Finish(
            context, RequestLabels.Of(
                context.Request.Method, verb, info, isServed, context.Request.ContentType?.StartsWith("application/apply-patch", StringComparison.Ordinal) == true),
            start, writes);
        if (record is not null)
        {
            await audit!.FinishAsync(context, record); // who made the record
        }
    }

    private static AuditedRequest AuditedOf(in RequestInfo info, in FlowRequest flow, User sender) => flow.Resource.Length == 0
        ? new AuditedRequest(sender, flow.Verb, flow.Path, "", "", "", "", "", "")
        : new AuditedRequest(sender, flow.Verb, flow.Path, info.Group, info.Version, info.Resource, info.Subresource, info.Namespace, info.Name);

    private static FlowRequest FlowOf(HttpRequest request, in RequestInfo info, User user, string path)
    {
        var method = request.Method;
        if (!info.IsResource || info.Resource.Length == 0)
        {
            return new FlowRequest(user, method is "GET" or "HEAD" ? "get" : method.ToLowerInvariant(), "", "", "", path);
        }

        var verb = method switch
        {
            "GET" or "HEAD" when info.Subresource.Length == 0 && Lasts(request, info) => "watch",
            "GET" or "HEAD" => info.Name.Length > 0 ? "get" : "list",
            "POST" => "create",
            "PUT" => "update",
            "PATCH" => "patch",
            "DELETE" => info.Name.Length > 0 ? "delete" : "deletecollection",
            _ => "",
        };
        return new FlowRequest(
            user, verb, info.Group, info.Subresource.Length == 0 ? info.Resource : $"{info.Resource}/{info.Subresource}", info.Namespace, path);
    }

    private async Task HandleOtherAsync(HttpContext context, string path, RequestInfo info, User user)
    {
        var attributes = new AccessAttributes(user, context.Request.Method is "GET" or "HEAD" ? "get" : context.Request.Method.ToLowerInvariant(), "", "", Path: path);
        if (!PublicPaths.Contains(path) && !await authorizer.AllowsAsync(attributes, context.RequestAborted))
        {
            throw new KubeStatusException(Statuses.Forbidden("", "", $"User \"{user.Name}\" cannot {attributes.Verb} path \"{path}\""));
        }

        if (info.IsResource && resources.TryRoute(context, info, user) is { } routed)
        {
            await routed;
            return;
        }

        if (discovery.TryHandle(context, path, out var task) || server.TryHandle(context, path, out task))
        {
            await task;
            return;
        }

        throw new KubeStatusException(Statuses.ResourceNotFound());
    }

    /// <summary>Watches, and what is passed through from a node.</summary>
    private static bool Lasts(HttpRequest request, in RequestInfo info) =>
        info.Subresource is "log" or "proxy" or "exec" or "attach" or "portforward"
        || (request.Method is "GET" or "HEAD" && (info.IsWatchPath
            || (request.QueryString.HasValue && info.IsResource && info.Subresource.Length == 0 && request.Query.Flag("watch"))));

    private static async Task AnswerAsync(HttpContext context, Coxswain.Api.Meta.V1.Status status)
    {
        if (context.Response.HasStarted)
        {
            context.Abort();
            return;
        }

        var headers = context.Response.Headers;
        var kept = KeptHeaders.Select(name => (Name: name, Value: headers[name])).Where(header => header.Value.Count > 0).ToList();
        headers.Clear();
        foreach (var (name, value) in kept)
        {
            headers[name] = value;
        }

        try
        {
            await HttpAnswer.WriteAsync(context, status);
        }
        catch (OperationCanceledException)
        {
            // The client left before it could be told.
        }
    }

    private static partial class Log
    {
        [LoggerMessage(LogLevel.Error, "{Method} {Path} failed")]
        public static partial void RequestFailed(ILogger logger, Exception exception, string method, string path);
    }
}
