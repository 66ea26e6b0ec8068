using System.Net.WebSockets;
using System.Security.Cryptography;
using System.Text;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core.Features;

namespace Coxswain.Client.Http;

/// <summary>
/// A server's side of the WebSocket handshake. The framework's own takes no sub-protocol with a slash in it, and Kubernetes' have one.
/// </summary>
public static class WebSocketUpgrade
{
    private const string Guid = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

    /// <summary>Whether a request asks to go on as a WebSocket.</summary>
    public static bool IsAsked(HttpRequest request) =>
        HttpMethods.IsGet(request.Method) && Names(request.Headers.Connection, "upgrade") && Names(request.Headers.Upgrade, "websocket");

    /// <summary>The first of the client's that is spoken; empty when it names none, null when none of them is.</summary>
    public static string? Negotiate(IEnumerable<string?> wanted, IReadOnlyCollection<string> spoken)
    {
        var names = wanted.SelectMany(value => (value ?? "").Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries)).ToList();
        return names.Count == 0 ? "" : names.FirstOrDefault(spoken.Contains);
    }

    /// <summary>Answers the handshake and hands over the connection's bytes, or refuses and returns null.</summary>
    /// <param name="protocol">As negotiated.</param>
    public static async Task<Stream?> AcceptAsync(HttpContext context, string? protocol)
    {
        var request = context.Request;
        var key = request.Headers.SecWebSocketKey.ToString();
        if (protocol is null || key.Length == 0 || request.Headers.SecWebSocketVersion.ToString() != "13")
        {
            context.Response.Headers.SecWebSocketVersion = "13";
            context.Response.StatusCode = StatusCodes.Status400BadRequest;
            context.Response.ContentType = "text/plain";
            await context.Response.WriteAsync(protocol is null
                ? $"none of the sub-protocols \"{request.Headers.SecWebSocketProtocol}\" is supported" : "not a WebSocket handshake of version 13",
                context.RequestAborted);
            return null;
        }

#pragma warning disable CA5350 // The handshake's own; it protects nothing.
        context.Response.Headers.SecWebSocketAccept = Convert.ToBase64String(SHA1.HashData(Encoding.ASCII.GetBytes(key + Guid)));
#pragma warning restore CA5350
        context.Response.Headers.Upgrade = "websocket";
        if (protocol.Length > 0)
        {
            context.Response.Headers.SecWebSocketProtocol = protocol;
        }

        return await LeaveHttpAsync(context);
    }

    /// <summary>Sends the answer's head, and hands over the connection's bytes.</summary>
    public static async Task<Stream> LeaveHttpAsync(HttpContext context)
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

    /// <summary>The WebSocket over an accepted connection.</summary>
    public static WebSocket Over(Stream transport) => WebSocket.CreateFromStream(transport, new WebSocketCreationOptions
    {
        IsServer = true,
        KeepAliveInterval = TimeSpan.Zero, // clients ping when they want to know, and silence is no fault
    });

    private static bool Names(IEnumerable<string?> values, string name) =>
        values.Any(value => (value ?? "").Split(',', StringSplitOptions.TrimEntries).Contains(name, StringComparer.OrdinalIgnoreCase));
}
