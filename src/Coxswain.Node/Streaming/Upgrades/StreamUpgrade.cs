using Coxswain.Client.Http;
using Microsoft.AspNetCore.Http;

namespace Coxswain.Node.Streaming.Upgrades;

/// <summary>Leaves HTTP for SPDY/3.1, and chooses sub-protocols: the first of the client's that is spoken here.</summary>
internal static class StreamUpgrade
{
    private const string SpdyProtocol = "SPDY/3.1";
    private const string ProtocolVersions = "X-Stream-Protocol-Version";
    private const string AcceptedVersions = "X-Accepted-Stream-Protocol-Versions";

    public static bool IsSpdy(HttpRequest request) =>
        Names(request.Headers.Connection, "upgrade") && Names(request.Headers.Upgrade, SpdyProtocol);

    public static string? NegotiateWebSocket(HttpRequest request, IReadOnlyCollection<string> spoken) =>
        WebSocketUpgrade.Negotiate(request.Headers.SecWebSocketProtocol, spoken);

    /// <summary>Answers the request and hands over the connection's bytes with the sub-protocol chosen, or refuses and returns null.</summary>
    public static async Task<(Stream Transport, string Protocol)?> AcceptSpdyAsync(HttpContext context, IReadOnlyCollection<string> spoken)
    {
        var wanted = context.Request.Headers[ProtocolVersions];
        if (WebSocketUpgrade.Negotiate(wanted, spoken) is not { } protocol)
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

        return (await WebSocketUpgrade.LeaveHttpAsync(context), protocol);
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
