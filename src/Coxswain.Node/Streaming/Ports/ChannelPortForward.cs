using System.Buffers.Binary;
using System.IO.Pipelines;
using System.Text;
using Coxswain.Node.Runtime;
using Coxswain.Node.Streaming.Channels;

namespace Coxswain.Node.Streaming.Ports;

/// <summary>Port forwarding over a WebSocket's channels: two for each port that was asked for, its data and what went wrong.</summary>
internal sealed class ChannelPortForward(ChannelSocket socket, PortDialer dialer)
{
    public static readonly IReadOnlyList<string> Protocols = ["v4.channel.k8s.io", "v4.base64.channel.k8s.io"];

    /// <summary>Of one socket: channels have one byte.</summary>
    public const int MostPorts = 100;

    /// <summary>Runs until the client is gone, or all connections have ended.</summary>
    public async Task RunAsync(IReadOnlyList<int> ports, CancellationToken cancellationToken)
    {
        using var over = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var inputs = ports.Select(_ => ChannelPipe.Bounded()).ToList();
        var reading = ReadAsync(inputs, over);
        try
        {
            await Task.WhenAll(ports.Index().Select(port => ForwardAsync((byte)(2 * port.Index), port.Item, inputs[port.Index].Reader, over.Token)));
            await socket.CloseAsync(over.Token);
        }
        catch (Exception exception) when (exception is IOException or OperationCanceledException)
        {
            // The client is gone.
        }
        finally
        {
            await over.CancelAsync();
            await reading;
        }
    }

    private async Task ReadAsync(List<Pipe> inputs, CancellationTokenSource over)
    {
        try
        {
            while (await socket.ReadAsync(over.Token) is var (channel, data, _))
            {
                if (channel % 2 == 0 && channel / 2 < inputs.Count)
                {
                    await inputs[channel / 2].Writer.WriteAsync(data, over.Token);
                }
            }
        }
        catch (OperationCanceledException)
        {
        }
        finally
        {
            await over.CancelAsync();
        }
    }

    private async Task ForwardAsync(byte channel, int port, PipeReader input, CancellationToken cancellationToken)
    {
        var number = new byte[2];
        BinaryPrimitives.WriteUInt16LittleEndian(number, (ushort)port);
        await socket.WriteAsync(channel, number, cancellationToken);
        await socket.WriteAsync((byte)(channel + 1), number, cancellationToken);
        try
        {
            using var pod = await dialer.DialAsync(port, cancellationToken);
            await PortConnection.CopyAsync(
                pod, input, (data, token) => socket.WriteAsync(channel, data, token), _ => default, cancellationToken);
        }
        catch (RuntimeException exception)
        {
            await socket.WriteAsync((byte)(channel + 1), Encoding.UTF8.GetBytes(dialer.Failure(port, exception)), cancellationToken);
        }
        finally
        {
            await input.CompleteAsync();
        }
    }
}
