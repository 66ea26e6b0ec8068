using System.Net.WebSockets;
using System.Text;

namespace Coxswain.Node.Streaming.Channels;

/// <summary>
/// A WebSocket whose messages begin with the number of a channel: a byte, or with base64 a digit with all after it encoded.
/// </summary>
/// <param name="isBase64">Whether messages are text.</param>
internal sealed class ChannelSocket(WebSocket socket, bool isBase64) : IDisposable
{
    /// <summary>Of an encoded message, which must be whole to be read. Others are read in pieces.</summary>
    public const int MostTextBytes = 256 * 1024;

    private const int MostDataBytes = 64 * 1024;

    private readonly SemaphoreSlim _writing = new(1, 1);
    private readonly byte[] _message = new byte[1 + MostDataBytes];
    private readonly byte[] _received = new byte[isBase64 ? MostTextBytes : 64 * 1024];
    private byte _channel;
    private bool _within;

    /// <summary>
    /// The next piece of a channel, good until the next is read; null when the other side has said goodbye or is gone. A message may
    /// come in several pieces.
    /// </summary>
    public async ValueTask<(byte Channel, ReadOnlyMemory<byte> Data, bool IsEnd)?> ReadAsync(CancellationToken cancellationToken)
    {
        try
        {
            return isBase64 ? await ReadTextAsync(cancellationToken) : await ReadBinaryAsync(cancellationToken);
        }
        catch (Exception exception) when (exception is WebSocketException or IOException)
        {
            return null;
        }
    }

    public async ValueTask WriteAsync(byte channel, ReadOnlyMemory<byte> data, CancellationToken cancellationToken)
    {
        await _writing.WaitAsync(cancellationToken);
        try
        {
            do
            {
                var piece = data[..Math.Min(data.Length, MostDataBytes)];
                data = data[piece.Length..];
                if (isBase64)
                {
                    var text = Encoding.ASCII.GetBytes((char)('0' + channel) + Convert.ToBase64String(piece.Span));
                    await socket.SendAsync(text, WebSocketMessageType.Text, endOfMessage: true, CancellationToken.None);
                    continue;
                }

                _message[0] = channel;
                piece.CopyTo(_message.AsMemory(1));
                // Not the caller's token, which would end the whole socket. Who ends that ends this.
                await socket.SendAsync(_message.AsMemory(0, 1 + piece.Length), WebSocketMessageType.Binary, endOfMessage: true, CancellationToken.None);
            }
            while (!data.IsEmpty);
        }
        catch (WebSocketException exception)
        {
            throw new IOException("the client is gone", exception);
        }
        finally
        {
            _writing.Release();
        }
    }

    /// <summary>Says goodbye; the other side's is for <see cref="ReadAsync"/> to see.</summary>
    public async ValueTask CloseAsync(CancellationToken cancellationToken)
    {
        await _writing.WaitAsync(cancellationToken);
        try
        {
            await socket.CloseOutputAsync(WebSocketCloseStatus.NormalClosure, "", cancellationToken);
        }
        catch (WebSocketException)
        {
            // It is gone already.
        }
        finally
        {
            _writing.Release();
        }
    }

    public void Dispose()
    {
        socket.Dispose();
        _writing.Dispose();
    }

    private async ValueTask<(byte Channel, ReadOnlyMemory<byte> Data, bool IsEnd)?> ReadBinaryAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            var result = await socket.ReceiveAsync(_received.AsMemory(), cancellationToken);
            if (result.MessageType == WebSocketMessageType.Close)
            {
                return null;
            }

            var data = _received.AsMemory(0, result.Count);
            if (!_within && data.IsEmpty)
            {
                continue;
            }

            if (!_within)
            {
                _channel = data.Span[0];
                data = data[1..];
            }

            _within = !result.EndOfMessage;
            return (_channel, data, result.EndOfMessage);
        }
    }

    private async ValueTask<(byte Channel, ReadOnlyMemory<byte> Data, bool IsEnd)?> ReadTextAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            var length = 0;
            ValueWebSocketReceiveResult result;
            do
            {
                result = length < _received.Length
                    ? await socket.ReceiveAsync(_received.AsMemory(length), cancellationToken)
                    : throw new IOException($"a message has more than {MostTextBytes} bytes");
                length += result.Count;
            }
            while (!result.EndOfMessage);
            if (result.MessageType == WebSocketMessageType.Close)
            {
                return null;
            }

            if (length == 0)
            {
                continue;
            }

            var decoded = new byte[length];
            return Convert.TryFromBase64Chars(Encoding.Latin1.GetString(_received, 1, length - 1), decoded, out var count)
                ? ((byte)(_received[0] - '0'), decoded.AsMemory(0, count), true)
                : throw new IOException("a message is not base64");
        }
    }
}
