using System.Globalization;
using System.Text;
using Coxswain.Node.Runtime;
using Coxswain.Node.Streaming.Spdy;

namespace Coxswain.Node.Streaming.Ports;

/// <summary>
/// Port forwarding over SPDY: for each connection the client opens two streams with one request id, for its data and for what went wrong.
/// </summary>
internal sealed class SpdyPortForward(SpdyConnection connection, PortDialer dialer)
{
    public static readonly IReadOnlyList<string> Protocols = ["portforward.k8s.io"];

    /// <summary>The same, inside a WebSocket's messages; the second name is what early clients asked for.</summary>
    public static readonly IReadOnlyList<string> TunnelProtocols = ["SPDY/3.1+portforward.k8s.io", "v2.portforward.k8s.io"];

    private readonly Dictionary<string, (SpdyStream? Data, SpdyStream? Error)> _waiting = new(StringComparer.Ordinal);
    private readonly HashSet<Task> _running = [];

    /// <summary>Runs until the client is gone.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        try
        {
            await foreach (var stream in connection.Accepted.ReadAllAsync(cancellationToken))
            {
                _running.RemoveWhere(task => task.IsCompleted);
                if (Pair(stream) is var (data, error))
                {
                    _running.Add(ForwardAsync(data, error, cancellationToken));
                }
            }
        }
        catch (OperationCanceledException)
        {
            // Over, for all of them.
        }

        await Task.WhenAll(_running);
    }

    /// <summary>The two streams of a request once both are there.</summary>
    private (SpdyStream Data, SpdyStream Error)? Pair(SpdyStream stream)
    {
        var isData = stream.Headers.GetValueOrDefault("streamtype") == "data";
        // Clients of before 1.1 give no id and open the error stream right before the other.
        var id = stream.Headers.GetValueOrDefault("requestid") ?? (isData ? stream.Id - 2 : stream.Id).ToString(CultureInfo.InvariantCulture);
        var (data, error) = _waiting.GetValueOrDefault(id);
        (data, error) = isData ? (stream, error) : (data, stream);
        if (data is not null && error is not null)
        {
            _waiting.Remove(id);
            return (data, error);
        }

        if (_waiting.Count >= SpdyConnection.MostStreams)
        {
            foreach (var (given, _) in _waiting.Where(pair => (pair.Value.Data ?? pair.Value.Error)!.Aborted.IsCancellationRequested).ToList()) // It has one.
            {
                _waiting.Remove(given);
            }
        }

        _waiting[id] = (data, error);
        return null;
    }

    private async Task ForwardAsync(SpdyStream data, SpdyStream error, CancellationToken cancellationToken)
    {
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, data.Aborted);
        try
        {
            if (!PortDialer.TryParse(data.Headers.GetValueOrDefault("port"), out var port))
            {
                await error.WriteAsync("the port is missing or none"u8.ToArray(), ending.Token);
                return;
            }

            try
            {
                using var pod = await dialer.DialAsync(port, ending.Token);
                await PortConnection.CopyAsync(pod, data.Input, data.WriteAsync, data.CloseAsync, ending.Token);
            }
            catch (RuntimeException exception)
            {
                await error.WriteAsync(Encoding.UTF8.GetBytes(dialer.Failure(port, exception)), ending.Token);
            }
        }
        catch (Exception exception) when (exception is IOException or OperationCanceledException)
        {
            // The client gave it up.
        }
        finally
        {
            await EndAsync(data);
            await EndAsync(error);
        }
    }

    private static async Task EndAsync(SpdyStream stream)
    {
        await stream.Input.CompleteAsync();
        try
        {
            await stream.CloseAsync(CancellationToken.None);
        }
        catch (Exception exception) when (exception is IOException or OperationCanceledException)
        {
            // The whole connection is gone.
        }
    }
}
