using System.Net;
using Coxswain.Api.Errors;
using Coxswain.ApiServer.Http;
using Coxswain.ApiServer.Users;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace Coxswain.ApiServer.Aggregation;

/// <summary>Passes requests for a group-version on to the server that serves it, and its answers back as they come.</summary>
internal sealed class AggregationProxy(AggregatedApis services, ServerLifetime lifetime) : IGroupRouter
{
    /// <summary>What belongs to one connection, and what only this server may say.</summary>
    private static readonly HashSet<string> NotPassedOn = new(StringComparer.OrdinalIgnoreCase)
    {
        "Connection", "Keep-Alive", "Proxy-Authenticate", "Proxy-Authorization", "Proxy-Connection", "TE", "Trailer", "Transfer-Encoding", "Upgrade", "Host",
        "Authorization", "Expect",
    };

    public Task? TryRoute(HttpContext context, string apiGroup, string version, User user) =>
        services.Find(apiGroup, version) is { } service ? ForwardAsync(context, service, user) : null;

    private async Task ForwardAsync(HttpContext context, AggregatedService service, User user)
    {
        if (service.Said.IsStale)
        {
            throw new KubeStatusException(Statuses.ServiceUnavailable("service unavailable"));
        }

        using var ending = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted, lifetime.Stopping);
        using var message = MessageOf(context, service, user);
        HttpResponseMessage answer;
        try
        {
            answer = await service.Client.SendAsync(message, HttpCompletionOption.ResponseHeadersRead, ending.Token);
        }
        catch (Exception exception) when (exception is HttpRequestException or FormatException)
        {
            throw new KubeStatusException(Statuses.ServiceUnavailable(
                $"error trying to reach service: {exception.InnerException?.Message ?? exception.Message}"));
        }

        using (answer)
        {
            context.Response.StatusCode = (int)answer.StatusCode;
            foreach (var (name, values) in answer.Headers.Concat(answer.Content.Headers).Where(header => !NotPassedOn.Contains(header.Key)))
            {
                context.Response.Headers[name] = values.ToArray();
            }

            await context.Response.StartAsync(ending.Token);
            await using var body = await answer.Content.ReadAsStreamAsync(ending.Token);
            await CopyAsync(body, context, ending.Token);
        }
    }

    private static HttpRequestMessage MessageOf(HttpContext context, AggregatedService service, User user)
    {
        var request = context.Request;
        var message = new HttpRequestMessage(
            HttpMethod.Parse(request.Method), $"{service.Address}{request.Path.ToUriComponent()}{request.QueryString.ToUriComponent()}")
        {
            Version = HttpVersion.Version20,
            VersionPolicy = HttpVersionPolicy.RequestVersionOrLower,
        };
        if (context.Features.Get<IHttpRequestBodyDetectionFeature>()?.CanHaveBody == true)
        {
            message.Content = new StreamContent(request.Body);
        }

        foreach (var (name, values) in request.Headers)
        {
            if (NotPassedOn.Contains(name) || name.StartsWith(':') || RemoteUser.IsReserved(name)
                || name.StartsWith("Impersonate-", StringComparison.OrdinalIgnoreCase))
            {
                continue;
            }

            if (!message.Headers.TryAddWithoutValidation(name, values.AsEnumerable()))
            {
                message.Content?.Headers.TryAddWithoutValidation(name, values.AsEnumerable());
            }
        }

        RemoteUser.Name(message, user);
        return message;
    }

    /// <summary>Every piece is flushed as it comes: a watch is read live.</summary>
    private static async Task CopyAsync(Stream body, HttpContext context, CancellationToken cancellationToken)
    {
        var output = context.Response.BodyWriter;
        try
        {
            while (await body.ReadAsync(output.GetMemory(16 * 1024), cancellationToken) is > 0 and var count)
            {
                output.Advance(count);
                if ((await output.FlushAsync(cancellationToken)).IsCompleted)
                {
                    return;
                }
            }
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            // The client left or the server stops.
        }
        catch (IOException)
        {
            // What was begun cannot be taken back: the client sees an answer that ends early.
            context.Abort();
        }
    }
}
