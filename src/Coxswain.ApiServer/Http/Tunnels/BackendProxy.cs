using System.Net;
using Coxswain.Api.Errors;
using Microsoft.AspNetCore.Http;

namespace Coxswain.ApiServer.Http.Tunnels;

/// <summary>Passes whole requests on to a backend and its answers back, upgrades included.</summary>
internal static class BackendProxy
{
    private const int BufferBytes = 16 * 1024;

    public static async Task ForwardAsync(
        HttpContext context, HttpMessageInvoker client, string target, ProxyPath path, CancellationToken cancellationToken)
    {
        var request = context.Request;
        if (path.Rest.Length == 0 && !UpgradeTunnel.IsAsked(request) && request.Method is "GET" or "HEAD")
        {
            // A page's relative links would otherwise lead to the object rather than into the backend.
            context.Response.Headers.Location = $"{path.Prefix}/{path.Query}";
            context.Response.StatusCode = StatusCodes.Status301MovedPermanently;
            return;
        }

        var uri = Locate(target, path);
        using var message = BackendRequest.Make(context, uri);
        message.Headers.TryAddWithoutValidation("X-Forwarded-Uri", path.Prefix + (path.Rest.Length == 0 ? "/" : path.Rest));
        message.Headers.TryAddWithoutValidation("X-Forwarded-Host", request.Host.ToString());
        message.Headers.TryAddWithoutValidation("X-Forwarded-Proto", request.Scheme);
        using var answer = await SendAsync(client, message, cancellationToken);
        if (answer.StatusCode == HttpStatusCode.SwitchingProtocols)
        {
            await UpgradeTunnel.JoinAsync(context, answer, cancellationToken);
            return;
        }

        BackendRequest.CopyHead(answer, context.Response);
        if (answer.Headers.Location is { } location)
        {
            context.Response.Headers.Location = path.Rewrite(location.OriginalString, uri, request.Host.ToString());
        }

        if (request.Method != "HEAD" && ProxiedPage.IsOne(answer))
        {
            await ProxiedPage.SendAsync(answer, context.Response, link => path.Rewrite(link, uri, request.Host.ToString()), cancellationToken);
            return;
        }

        await context.Response.StartAsync(cancellationToken);
        if (request.Method != "HEAD")
        {
            await CopyAsync(answer, context, cancellationToken);
        }
    }

    /// <summary>Every piece is flushed as it comes: a log is followed live.</summary>
    public static async Task CopyAsync(HttpResponseMessage answer, HttpContext context, CancellationToken cancellationToken)
    {
        var output = context.Response.BodyWriter;
        try
        {
            await using var body = await answer.Content.ReadAsStreamAsync(cancellationToken);
            while (await body.ReadAsync(output.GetMemory(BufferBytes), cancellationToken) is > 0 and var count)
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
            // Not the whole answer: the client must not take it for one.
            context.Abort();
        }
    }

    private static Uri Locate(string target, ProxyPath path) =>
        new($"{target}{(path.Rest.Length == 0 ? "/" : path.Rest)}{path.Query}", new UriCreationOptions { DangerousDisablePathAndQueryCanonicalization = true });

    private static async Task<HttpResponseMessage> SendAsync(HttpMessageInvoker client, HttpRequestMessage message, CancellationToken cancellationToken)
    {
        try
        {
            return await client.SendAsync(message, cancellationToken);
        }
        catch (HttpRequestException exception)
        {
            throw new KubeStatusException(Statuses.ServiceUnavailable(
                $"error trying to reach service: {exception.InnerException?.Message ?? exception.Message}"));
        }
    }
}
