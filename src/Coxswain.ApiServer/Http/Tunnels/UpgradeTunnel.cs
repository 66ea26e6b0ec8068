using System.Net;
using Coxswain.Client.Http;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core.Features;

namespace Coxswain.ApiServer.Http.Tunnels;

/// <summary>
/// Where a request and a backend both leave HTTP (WebSocket, SPDY): the answer's head is passed on, then bytes go both ways as they
/// come until either side has ended, the client is gone or the server stops.
/// </summary>
internal static class UpgradeTunnel
{
    private const int BufferBytes = 64 * 1024;

    public static bool IsAsked(HttpRequest request) =>
        request.Headers.Upgrade.Count > 0
        && request.Headers.Connection.Any(value => (value ?? "").Split(',', StringSplitOptions.TrimEntries).Contains("upgrade", StringComparer.OrdinalIgnoreCase));

    /// <summary>Slow clients and silence are no faults of a request that lasts.</summary>
    public static void AllowSilence(HttpContext context)
    {
        if (context.Features.Get<IHttpMinResponseDataRateFeature>() is { } answer)
        {
            answer.MinDataRate = null;
        }

        if (context.Features.Get<IHttpMinRequestBodyDataRateFeature>() is { } body)
        {
            body.MinDataRate = null;
        }
    }

    /// <param name="answer">The backend's, with <see cref="HttpStatusCode.SwitchingProtocols"/>.</param>
    /// <param name="cancellationToken">Ends the tunnel.</param>
    public static async Task JoinAsync(HttpContext context, HttpResponseMessage answer, CancellationToken cancellationToken)
    {
        foreach (var (name, values) in answer.Headers)
        {
            // Kestrel writes Connection by itself.
            if (!name.Equals("Connection", StringComparison.OrdinalIgnoreCase) && !name.Equals("Transfer-Encoding", StringComparison.OrdinalIgnoreCase))
            {
                context.Response.Headers[name] = values.ToArray();
            }
        }

        await using var backend = await answer.Content.ReadAsStreamAsync(cancellationToken);
        await using var upgraded = await context.Features.GetRequiredFeature<IHttpUpgradeFeature>().UpgradeAsync();
        var client = context.Features.Get<ISslStreamFeature>() is { } tls && context.Features.Get<IConnectionTransportFeature>() is { } transport
            ? new UpgradedTlsStream(transport.Transport.Input, tls.SslStream) : upgraded;
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        Task[] directions = [CopyAsync(client, backend, ending.Token), CopyAsync(backend, client, ending.Token)];
        await Task.WhenAny(directions);
        await ending.CancelAsync();
        await Task.WhenAll(directions);
    }

    private static async Task CopyAsync(Stream from, Stream to, CancellationToken cancellationToken)
    {
        var buffer = new byte[BufferBytes];
        try
        {
            while (await from.ReadAsync(buffer, cancellationToken) is > 0 and var count)
            {
                await to.WriteAsync(buffer.AsMemory(0, count), cancellationToken);
                await to.FlushAsync(cancellationToken);
            }
        }
        catch (Exception exception) when (exception is IOException or OperationCanceledException or ObjectDisposedException)
        {
            // Either side is gone, and with it the tunnel.
        }
    }
}
