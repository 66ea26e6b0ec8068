using System.IO.Pipelines;
using System.Net.Sockets;

namespace Coxswain.Node.Streaming.Ports;

/// <summary>Copies between a client's stream and a connection inside a pod; each direction ends by itself.</summary>
internal static class PortConnection
{
    private const int BufferBytes = 64 * 1024;

    /// <param name="close">Ends what the client receives.</param>
    public static async Task CopyAsync(
        Socket pod, PipeReader client, Func<ReadOnlyMemory<byte>, CancellationToken, ValueTask> write, Func<CancellationToken, ValueTask> close,
        CancellationToken cancellationToken)
    {
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        await Task.WhenAll(
            EndingAsync(CopyToPodAsync(client, pod, either.Token), either), EndingAsync(CopyToClientAsync(pod, write, close, either.Token), either));
    }

    private static async Task CopyToPodAsync(PipeReader client, Socket pod, CancellationToken cancellationToken)
    {
        while (true)
        {
            var result = await client.ReadAsync(cancellationToken);
            foreach (var piece in result.Buffer)
            {
                for (var rest = piece; !rest.IsEmpty;)
                {
                    rest = rest[await pod.SendAsync(rest, cancellationToken)..];
                }
            }

            client.AdvanceTo(result.Buffer.End);
            if (result.IsCompleted)
            {
                pod.Shutdown(SocketShutdown.Send);
                return;
            }
        }
    }

    private static async Task CopyToClientAsync(
        Socket pod, Func<ReadOnlyMemory<byte>, CancellationToken, ValueTask> write, Func<CancellationToken, ValueTask> close,
        CancellationToken cancellationToken)
    {
        var buffer = new byte[BufferBytes];
        while (await pod.ReceiveAsync(buffer, cancellationToken) is > 0 and var count)
        {
            await write(buffer.AsMemory(0, count), cancellationToken);
        }

        await close(cancellationToken);
    }

    /// <summary>A direction that breaks takes the other with it.</summary>
    private static async Task EndingAsync(Task direction, CancellationTokenSource both)
    {
        try
        {
            await direction;
        }
        catch (Exception exception) when (exception is IOException or SocketException or OperationCanceledException or ObjectDisposedException)
        {
            await both.CancelAsync();
        }
    }
}
