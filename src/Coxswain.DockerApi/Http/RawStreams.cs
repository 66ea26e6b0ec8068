using System.Buffers.Binary;
using System.Text;
using Microsoft.AspNetCore.Http;

namespace Coxswain.DockerApi.Http;

/// <summary>Docker's raw streams: plain bytes with a terminal, otherwise frames that say which stream they are of.</summary>
internal static class RawStreams
{
    private const string Raw = "application/vnd.docker.raw-stream";
    private const string Multiplexed = "application/vnd.docker.multiplexed-stream";
    private const int HeaderBytes = 8;

    /// <summary>Names what follows; clients of 1.42 and later ask by it how to read.</summary>
    public static string ContentType(HttpContext context, bool terminal) =>
        !terminal && ApiVersion.Of(context) >= new Version(1, 42) ? Multiplexed : Raw;

    /// <summary>Turns the request into a raw stream, as the client asked.</summary>
    public static async Task<HijackedStream> HijackAsync(HttpContext context, bool terminal)
    {
        var feature = context.Features.Get<IHijackFeature>()
            ?? throw new InvalidOperationException("the connection cannot be taken over");
        var upgrade = context.Request.Headers.Connection.ToString().Contains("Upgrade", StringComparison.OrdinalIgnoreCase);
        var head = upgrade
            ? $"HTTP/1.1 101 UPGRADED\r\nContent-Type: {ContentType(context, terminal)}\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n"
            : $"HTTP/1.1 200 OK\r\nContent-Type: {ContentType(context, terminal)}\r\n";
        context.Response.Headers.Connection = "close";
        var stream = feature.Hijack();
        await stream.WriteAsync(Encoding.ASCII.GetBytes(head + $"Api-Version: {ApiVersion.Newest}\r\n\r\n"), context.RequestAborted);
        return stream;
    }

    /// <summary>One piece of output, framed unless there is a terminal.</summary>
    public static async Task WriteAsync(
        Stream target, bool terminal, bool isError, ReadOnlyMemory<byte> data, CancellationToken cancellationToken)
    {
        if (terminal)
        {
            await target.WriteAsync(data, cancellationToken);
            return;
        }

        var frame = new byte[HeaderBytes + data.Length];
        Header(frame, isError, data.Length);
        data.CopyTo(frame.AsMemory(HeaderBytes));
        await target.WriteAsync(frame, cancellationToken);
    }

    /// <summary>Copies a whole output stream.</summary>
    public static async Task CopyAsync(Stream source, Stream target, bool terminal, bool isError, SemaphoreSlim turn, CancellationToken cancellationToken)
    {
        var buffer = new byte[32 * 1024];
        int count;
        while ((count = await source.ReadAsync(buffer, cancellationToken)) > 0)
        {
            await turn.WaitAsync(cancellationToken);
            try
            {
                await WriteAsync(target, terminal, isError, buffer.AsMemory(0, count), cancellationToken);
            }
            finally
            {
                turn.Release();
            }
        }
    }

    public static void Header(Span<byte> frame, bool isError, int length)
    {
        frame[..4].Clear();
        frame[0] = isError ? (byte)2 : (byte)1;
        BinaryPrimitives.WriteUInt32BigEndian(frame[4..], (uint)length);
    }
}
