using Coxswain.Api.Errors;
using Coxswain.ApiServer.Authentication;
using Coxswain.ApiServer.Authorization;
using Coxswain.ApiServer.Users;
using Coxswain.Store;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Coxswain.ApiServer.Http;

/// <summary>The one request delegate: who asks, for what, and the answer, whatever happens.</summary>
internal sealed partial class HttpHandler(
    RequestAuthenticator authenticator, ResourceEndpoint resources, DiscoveryEndpoint discovery, ServerEndpoints server, IAuthorizer authorizer,
    RequestMetrics metrics, RequestBounds bounds, TimeProvider time, ILogger logger)
{
    private const int RetryAfterSeconds = 1;

    private readonly Impersonation _impersonation = new(authorizer);
    private readonly RequestLimits _limits = new(bounds.MostReading, bounds.MostWriting);

    public async Task HandleAsync(HttpContext context)
    {
        var start = metrics.Start();
        var path = context.Request.Path.Value ?? "/";
        var info = RequestInfo.Parse(path);
        var lasts = Lasts(context.Request, info);
        using var deadline = lasts ? null : new RequestDeadline(context, bounds.Timeout, time);
        if (lasts && info.Subresource.Length == 0)
        {
            StallGuard.Watch(context, bounds.WatchPatience, time);
        }

        try
        {
            var user = await authenticator.AuthenticateAsync(context, context.RequestAborted)
                ?? throw new KubeStatusException(Statuses.Unauthorized());
            user = await _impersonation.ApplyAsync(context.Request.Headers, user, context.RequestAborted);
            using var slot = lasts || PublicPaths.Contains(path) || RbacAuthorizer.IsMaster(user)
                ? default : _limits.Enter(writes: context.Request.Method is not ("GET" or "HEAD"));
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

        metrics.Finish(context, start);
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

        context.Response.Headers.Clear();
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
