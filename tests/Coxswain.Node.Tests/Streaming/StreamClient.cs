using System.Net;
using System.Net.WebSockets;
using System.Text;

namespace Coxswain.Node.Tests.Streaming;

/// <summary>Asks a server to leave HTTP, and speaks what comes then.</summary>
internal static class StreamClient
{
    /// <summary>The answer, which has a connection's bytes as its content when it is <see cref="HttpStatusCode.SwitchingProtocols"/>.</summary>
    public static Task<HttpResponseMessage> AskAsync(
        HttpClient client, HttpMethod method, string path, CancellationToken cancellationToken, params (string Name, string Value)[] headers)
    {
        var message = new HttpRequestMessage(method, path) { Version = HttpVersion.Version11, VersionPolicy = HttpVersionPolicy.RequestVersionExact };
        message.Headers.TryAddWithoutValidation("Connection", "Upgrade");
        foreach (var (name, value) in headers)
        {
            message.Headers.TryAddWithoutValidation(name, value);
        }

        return client.SendAsync(message, HttpCompletionOption.ResponseHeadersRead, cancellationToken);
    }

    public static Task<HttpResponseMessage> AskWebSocketAsync(
        HttpClient client, string path, string protocol, CancellationToken cancellationToken) => AskAsync(
        client, HttpMethod.Get, path, cancellationToken,
        ("Upgrade", "websocket"), ("Sec-WebSocket-Version", "13"), ("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ=="), ("Sec-WebSocket-Protocol", protocol));

    public static Task<HttpResponseMessage> AskSpdyAsync(HttpClient client, string path, string protocol, CancellationToken cancellationToken) =>
        AskAsync(client, HttpMethod.Post, path, cancellationToken, ("Upgrade", "SPDY/3.1"), ("X-Stream-Protocol-Version", protocol));

    public static async Task<WebSocket> WebSocketAsync(HttpClient client, string path, string protocol, CancellationToken cancellationToken)
    {
        var answer = await AskWebSocketAsync(client, path, protocol, cancellationToken);
        Assert.Equal(HttpStatusCode.SwitchingProtocols, answer.StatusCode);
        Assert.Equal(protocol, answer.Headers.GetValues("Sec-WebSocket-Protocol").Single());
        Assert.Equal("s3pPLMBiTxaQ9kYGzzhZRbK+xOo=", answer.Headers.GetValues("Sec-WebSocket-Accept").Single());
        return WebSocket.CreateFromStream(await answer.Content.ReadAsStreamAsync(cancellationToken), new WebSocketCreationOptions());
    }

    public static async Task<SpdyClient> SpdyAsync(HttpClient client, string path, string protocol, CancellationToken cancellationToken)
    {
        var answer = await AskSpdyAsync(client, path, protocol, cancellationToken);
        Assert.Equal(HttpStatusCode.SwitchingProtocols, answer.StatusCode);
        Assert.Equal(protocol, answer.Headers.GetValues("X-Stream-Protocol-Version").Single());
        return new SpdyClient(await answer.Content.ReadAsStreamAsync(cancellationToken));
    }

    public static Task SendAsync(WebSocket socket, byte channel, string text, CancellationToken cancellationToken) =>
        socket.SendAsync((byte[])[channel, .. Encoding.UTF8.GetBytes(text)], WebSocketMessageType.Binary, true, cancellationToken);

    /// <summary>The next message that is not empty; null when the server has said goodbye.</summary>
    public static async Task<(byte Channel, byte[] Data)?> ReceiveAsync(WebSocket socket, CancellationToken cancellationToken)
    {
        var buffer = new byte[128 * 1024];
        while (true)
        {
            var length = 0;
            WebSocketReceiveResult result;
            do
            {
                result = await socket.ReceiveAsync(new ArraySegment<byte>(buffer, length, buffer.Length - length), cancellationToken);
                length += result.Count;
            }
            while (!result.EndOfMessage);
            if (result.MessageType == WebSocketMessageType.Close)
            {
                return null;
            }

            if (length > 1)
            {
                return (buffer[0], buffer[1..length]);
            }
        }
    }

    /// <summary>All that comes on each channel until the server says goodbye.</summary>
    public static async Task<Dictionary<byte, string>> ReceiveAllAsync(WebSocket socket, CancellationToken cancellationToken)
    {
        var all = new Dictionary<byte, string>();
        while (await ReceiveAsync(socket, cancellationToken) is var (channel, data))
        {
            all[channel] = all.GetValueOrDefault(channel, "") + Encoding.UTF8.GetString(data);
        }

        return all;
    }
}
