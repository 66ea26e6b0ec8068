using System.Net.WebSockets;
using System.Text;
using Coxswain.Client.Http;
using Microsoft.AspNetCore.Http;

namespace Coxswain.ApiServer.Http.Tunnels;

/// <summary>
/// Sends what would be the body of an answer, such as a log, as the messages of a WebSocket: first an empty one, so that the client
/// knows it is through, then a piece each.
/// </summary>
internal static class WebSocketText
{
    private const string Base64 = "base64.binary.k8s.io";
    private const int PieceBytes = 16 * 1024;

    private static readonly string[] Protocols = ["binary.k8s.io", Base64];

    /// <summary>Until the body or the client ends.</summary>
    public static async Task SendAsync(HttpContext context, Stream body, CancellationToken cancellationToken)
    {
        var protocol = WebSocketUpgrade.Negotiate(context.Request.Headers.SecWebSocketProtocol, Protocols);
        if (await WebSocketUpgrade.AcceptAsync(context, protocol) is not { } transport)
        {
            return;
        }

        using var socket = WebSocketUpgrade.Over(transport);
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var listening = ListenAsync(socket, ending);
        try
        {
            await CopyAsync(body, socket, isBase64: protocol == Base64, ending.Token);
            await socket.CloseOutputAsync(WebSocketCloseStatus.NormalClosure, "", ending.Token);
        }
        catch (Exception exception) when (exception is IOException or WebSocketException or OperationCanceledException or ObjectDisposedException)
        {
            // The client or the node is gone, or the server stops.
        }
        finally
        {
            await ending.CancelAsync();
            await listening;
        }
    }

    private static async Task CopyAsync(Stream body, WebSocket socket, bool isBase64, CancellationToken cancellationToken)
    {
        var type = isBase64 ? WebSocketMessageType.Text : WebSocketMessageType.Binary;
        var buffer = new byte[PieceBytes];
        await socket.SendAsync(ReadOnlyMemory<byte>.Empty, type, endOfMessage: true, cancellationToken);
        while (await body.ReadAsync(buffer, cancellationToken) is > 0 and var count)
        {
            ReadOnlyMemory<byte> message = isBase64 ? Encoding.ASCII.GetBytes(Convert.ToBase64String(buffer, 0, count)) : buffer.AsMemory(0, count);
            await socket.SendAsync(message, type, endOfMessage: true, cancellationToken);
        }
    }

    /// <summary>A client has nothing to say here; what is heard is that it goes.</summary>
    private static async Task ListenAsync(WebSocket socket, CancellationTokenSource ending)
    {
        var buffer = new byte[1024];
        try
        {
            while ((await socket.ReceiveAsync(buffer.AsMemory(), ending.Token)).MessageType != WebSocketMessageType.Close)
            {
            }
        }
        catch (Exception exception) when (exception is IOException or WebSocketException or OperationCanceledException or ObjectDisposedException)
        {
            // It went without a word, or it is over.
        }

        await ending.CancelAsync();
    }
}
