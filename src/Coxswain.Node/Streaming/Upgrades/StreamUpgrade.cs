using System.Net.WebSockets;
using System.Security.Cryptography;
using System.Text;
using Coxswain.Client.Http;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core.Features;

namespace Coxswain.Node.Streaming.Upgrades;

/// <summary>Leaves HTTP for what a client asked for: WebSocket or SPDY/3.1, with the first of its sub-protocols that is spoken here.</summary>
internal static class StreamUpgrade
{
    private const string SpdyProtocol = "SPDY/3.1";
    private const string ProtocolVersions = "X-Stream-Protocol-Version";
    private const string AcceptedVersions = "X-Accepted-Stream-Protocol-Versions";
    private const string WebSocketGuid = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

    public static bool IsWebSocket(HttpRequest request) =>
        HttpMethods.IsGet(request.Method) && Names(request.Headers.Connection, "upgrade") && Names(request.Headers.Upgrade, "websocket");

    public static bool IsSpdy(HttpRequest request) =>
        Names(request.Headers.Connection, "upgrade") && Names(request.Headers.Upgrade, SpdyProtocol);

    /// <summary>The first of the client's that is spoken; empty when it names none, null when none of them is.</summary>
    public static string? Negotiate(IEnumerable<string?> wanted, IReadOnlyCollection<string> spoken)
    {
        var names = wanted.SelectMany(value => (value ?? "").Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries)).ToList();
        return names.Count == 0 ? "" : names.FirstOrDefault(spoken.Contains);
    }

    public static string? NegotiateWebSocket(HttpRequest request, IReadOnlyCollection<string> spoken) =>
        Negotiate(request.Headers.SecWebSocketProtocol, spoken);

    /// <summary>Answers the handshake and hands over the connection's bytes, or refuses and returns null.</summary>
    /// <param name="protocol">As negotiated.</param>
    public static async Task<Stream?> AcceptWebSocketAsync(HttpContext context, string? protocol)
    {
        var request = context.Request;
        var key = request.Headers.SecWebSocketKey.ToString();
        if (protocol is null || key.Length == 0 || request.Headers.SecWebSocketVersion.ToString() != "13")
        {
            context.Response.Headers.SecWebSocketVersion = "13";
            await RefuseAsync(context, StatusCodes.Status400BadRequest, protocol is null
                ? $"none of the sub-protocols \"{request.Headers.SecWebSocketProtocol}\" is supported" : "not a WebSocket handshake of version 13");
            return null;
        }

#pragma warning disable CA5350 // The handshake's own; it protects nothing.
        context.Response.Headers.SecWebSocketAccept = Convert.ToBase64String(SHA1.HashData(Encoding.ASCII.GetBytes(key + WebSocketGuid)));
#pragma warning restore CA5350
        context.Response.Headers.Upgrade = "websocket";
        if (protocol.Length > 0)
        {
            context.Response.Headers.SecWebSocketProtocol = protocol;
        }

        return await UpgradeAsync(context);
    }

    /// <summary>
    /// The WebSocket over an accepted connection. It is not told the sub-protocol: those of Kubernetes have a slash, which it would refuse.
    /// </summary>
    public static WebSocket WebSocketOver(Stream transport) => WebSocket.CreateFromStream(transport, new WebSocketCreationOptions
    {
        IsServer = true,
        KeepAliveInterval = TimeSpan.Zero, // clients ping when they want to know, and silence is no fault
    });

    /// <summary>Answers the request and hands over the connection's bytes with the sub-protocol chosen, or refuses and returns null.</summary>
    public static async Task<(Stream Transport, string Protocol)?> AcceptSpdyAsync(HttpContext context, IReadOnlyCollection<string> spoken)
    {
        var wanted = context.Request.Headers[ProtocolVersions];
        if (Negotiate(wanted, spoken) is not { } protocol)
        {
            context.Response.Headers[AcceptedVersions] = spoken.ToArray();
            await RefuseAsync(context, StatusCodes.Status403Forbidden,
                $"unable to upgrade: unable to negotiate protocol: client supports [{string.Join(' ', wanted.ToArray())}], server accepts [{string.Join(' ', spoken)}]");
            return null;
        }

        context.Response.Headers.Upgrade = SpdyProtocol;
        if (protocol.Length > 0)
        {
            context.Response.Headers[ProtocolVersions] = protocol;
        }

        return (await UpgradeAsync(context), protocol);
    }

    private static async Task<Stream> UpgradeAsync(HttpContext context)
    {
        // A client that reads slowly, or types slowly, is none that is broken.
        if (context.Features.Get<IHttpMinResponseDataRateFeature>() is { } rate)
        {
            rate.MinDataRate = null;
        }

        var upgraded = await context.Features.GetRequiredFeature<IHttpUpgradeFeature>().UpgradeAsync();
        return context.Features.Get<ISslStreamFeature>() is { } tls && context.Features.Get<IConnectionTransportFeature>() is { } transport
            ? new UpgradedTlsStream(transport.Transport.Input, tls.SslStream) : upgraded;
    }

    private static Task RefuseAsync(HttpContext context, int code, string message)
    {
        context.Response.StatusCode = code;
        context.Response.ContentType = "text/plain";
        return context.Response.WriteAsync(message, context.RequestAborted);
    }

    private static bool Names(IEnumerable<string?> values, string name) =>
        values.Any(value => (value ?? "").Split(',', StringSplitOptions.TrimEntries).Contains(name, StringComparer.OrdinalIgnoreCase));
}
