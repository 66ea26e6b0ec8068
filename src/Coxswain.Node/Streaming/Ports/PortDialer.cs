using System.Net.Sockets;
using Coxswain.Node.Runtime;

namespace Coxswain.Node.Streaming.Ports;

/// <summary>Reaches the ports of one pod, from inside it.</summary>
internal sealed class PortDialer(IPodRuntime runtime, string pod, string podUid)
{
    public Task<Socket> DialAsync(int port, CancellationToken cancellationToken) => runtime.PortForwardAsync(podUid, port, cancellationToken);

    public string Failure(int port, RuntimeException exception) =>
        $"error forwarding port {port} to pod {pod}, uid {podUid}: {exception.Message}";

    public static bool TryParse(string? text, out int port) => int.TryParse(text, out port) && port is > 0 and <= ushort.MaxValue;
}
