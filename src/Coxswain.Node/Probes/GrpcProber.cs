using System.Buffers.Binary;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Sockets;
using System.Text;
using Coxswain.Api.Core.V1;

namespace Coxswain.Node.Probes;

/// <summary>
/// grpc probes: one call of grpc.health.v1.Health/Check over plain HTTP/2. Its two messages have a single field each, so
/// they are written and read by hand. See https://github.com/grpc/grpc/blob/master/doc/health-checking.md.
/// </summary>
internal sealed class GrpcProber : IDisposable
{
    private const int PrefixLength = 5;
    private const byte ServiceField = (1 << 3) | 2;
    private const byte StatusField = 1 << 3;
    private const byte Serving = 1;

    /// <summary>The answer is some bytes; who sends more is not a health service.</summary>
    private const int MostBytes = 16 * 1024;

    private readonly HttpClient _client = new(new SocketsHttpHandler { UseProxy = false, PooledConnectionLifetime = TimeSpan.Zero })
    {
        Timeout = Timeout.InfiniteTimeSpan,
        MaxResponseContentBufferSize = MostBytes,
    };

    public async Task<ProbeResult> CheckAsync(GRPCAction action, ProbeTarget target, CancellationToken cancellationToken)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, $"http://{target.Address}:{action.Port}/grpc.health.v1.Health/Check")
        {
            Version = HttpVersion.Version20,
            VersionPolicy = HttpVersionPolicy.RequestVersionExact,
            Content = new ByteArrayContent(Frame(action.Service ?? "")),
        };
        request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/grpc");
        request.Headers.TryAddWithoutValidation("te", "trailers");
        try
        {
            using var response = await _client.SendAsync(request, cancellationToken);
            var body = await response.Content.ReadAsByteArrayAsync(cancellationToken);
            var code = Header(response.TrailingHeaders, "grpc-status") ?? Header(response.Headers, "grpc-status") ?? "2";
            if (code != "0")
            {
                return ProbeResult.Failure($"error: health rpc failed: rpc error: code = {code} desc = {Header(response.TrailingHeaders, "grpc-message")}");
            }

            var serving = body.Length >= PrefixLength + 2 && body[PrefixLength] == StatusField && body[PrefixLength + 1] == Serving;
            return serving ? ProbeResult.Success : ProbeResult.Failure("service unhealthy (responded with \"NOT_SERVING\")");
        }
        catch (HttpRequestException exception) when (exception.InnerException is SocketException socket)
        {
            return Prober.SocketFailure($"error: failed to connect to service at {target.Address}:{action.Port}: ", socket);
        }
        catch (HttpRequestException exception)
        {
            return ProbeResult.Failure($"error: failed to call service at {target.Address}:{action.Port}: {exception.Message}");
        }
    }

    public void Dispose() => _client.Dispose();

    private static byte[] Frame(string service)
    {
        var name = Encoding.UTF8.GetBytes(service);
        var message = new MemoryStream();
        if (name.Length > 0)
        {
            message.WriteByte(ServiceField);
            for (var length = name.Length; ; length >>= 7)
            {
                message.WriteByte((byte)(length > 0x7f ? (length & 0x7f) | 0x80 : length));
                if (length <= 0x7f)
                {
                    break;
                }
            }

            message.Write(name);
        }

        var frame = new byte[PrefixLength + message.Length];
        BinaryPrimitives.WriteUInt32BigEndian(frame.AsSpan(1), (uint)message.Length);
        message.ToArray().CopyTo(frame, PrefixLength);
        return frame;
    }

    private static string? Header(HttpResponseHeaders headers, string name) =>
        headers.TryGetValues(name, out var values) ? values.FirstOrDefault() : null;
}
