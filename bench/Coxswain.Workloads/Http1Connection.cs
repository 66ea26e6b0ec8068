using System.Buffers;
using System.Net.Security;
using System.Text;

namespace Coxswain.Workloads;

/// <summary>
/// The least HTTP/1.1 that measures a server rather than a client: one request at a time, prepared bytes out,
/// status and length in, bodies counted and thrown away.
/// </summary>
/// <param name="token">A bearer token for every request; null where a certificate says who one is.</param>
internal sealed class Http1Connection(SslStream stream, string authority, string? token) : IAsyncDisposable
{
    private byte[] _buffer = new byte[256 * 1024];
    private int _start;
    private int _end;

    public byte[] Prepare(string method, string path, ReadOnlySpan<byte> body = default, string accept = "application/json",
        string contentType = "application/json")
    {
        var head = $"{method} {path} HTTP/1.1\r\nHost: {authority}\r\nAccept: {accept}\r\n"
            + (token is null ? "" : $"Authorization: Bearer {token}\r\n")
            + (body.IsEmpty ? "\r\n" : $"Content-Type: {contentType}\r\nContent-Length: {body.Length}\r\n\r\n");
        var request = new byte[Encoding.ASCII.GetByteCount(head) + body.Length];
        body.CopyTo(request.AsSpan(Encoding.ASCII.GetBytes(head, request)));
        return request;
    }

    /// <summary>Sends a prepared request and reads the whole answer; returns its status and body length.</summary>
    public async Task<(int Status, long Length)> SendAsync(ReadOnlyMemory<byte> request, IBufferWriter<byte>? body = null)
    {
        await stream.WriteAsync(request);
        int headEnd;
        while ((headEnd = _buffer.AsSpan(_start, _end - _start).IndexOf("\r\n\r\n"u8)) < 0)
        {
            await FillAsync();
        }

        var head = Encoding.ASCII.GetString(_buffer, _start, headEnd);
        _start += headEnd + 4;
        var status = int.Parse(head.AsSpan(9, 3));
        var length = HeaderValue(head, "content-length") is { } text
            ? await ReadFixedAsync(long.Parse(text), body)
            : await ReadChunkedAsync(body);
        return (status, length);
    }

    public ValueTask DisposeAsync() => stream.DisposeAsync();

    private static string? HeaderValue(string head, string name)
    {
        foreach (var line in head.Split("\r\n"))
        {
            if (line.StartsWith(name, StringComparison.OrdinalIgnoreCase) && line.Length > name.Length && line[name.Length] == ':')
            {
                return line[(name.Length + 1)..].Trim();
            }
        }

        return null;
    }

    private async Task<long> ReadFixedAsync(long length, IBufferWriter<byte>? body)
    {
        var left = length;
        while (left > 0)
        {
            if (_start == _end)
            {
                await FillAsync();
            }

            var taken = (int)Math.Min(left, _end - _start);
            body?.Write(_buffer.AsSpan(_start, taken));
            _start += taken;
            left -= taken;
        }

        return length;
    }

    private async Task<long> ReadChunkedAsync(IBufferWriter<byte>? body)
    {
        long total = 0;
        while (true)
        {
            int lineEnd;
            while ((lineEnd = _buffer.AsSpan(_start, _end - _start).IndexOf("\r\n"u8)) < 0)
            {
                await FillAsync();
            }

            var size = Convert.ToInt64(Encoding.ASCII.GetString(_buffer, _start, lineEnd).Split(';')[0], 16);
            _start += lineEnd + 2;
            total += await ReadFixedAsync(size, body);
            await ReadFixedAsync(2, null);
            if (size == 0)
            {
                return total;
            }
        }
    }

    private async Task FillAsync()
    {
        if (_start == _end)
        {
            _start = _end = 0;
        }
        else if (_end == _buffer.Length)
        {
            if (_start == 0)
            {
                Array.Resize(ref _buffer, _buffer.Length * 2);
            }

            _buffer.AsSpan(_start, _end - _start).CopyTo(_buffer);
            (_start, _end) = (0, _end - _start);
        }

        var read = await stream.ReadAsync(_buffer.AsMemory(_end));
        _end += read > 0 ? read : throw new IOException("the server closed the connection");
    }
}
