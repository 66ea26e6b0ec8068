using System.Net;
using System.Net.Sockets;
using Coxswain.Linux.Namespaces;

namespace Coxswain.Node.Runtime;

/// <summary>Connects to what listens inside a network namespace, as a process in it would.</summary>
internal sealed class SandboxSockets(INamespaces namespaces)
{
    /// <param name="netnsPath">Null for the host's.</param>
    /// <exception cref="RuntimeException">Nobody listens there.</exception>
    public async Task<Socket> ConnectAsync(string? netnsPath, int port, CancellationToken cancellationToken)
    {
        var failures = new List<string>();
        foreach (var address in new[] { IPAddress.Loopback, IPAddress.IPv6Loopback })
        {
            try
            {
                return await ConnectAsync(netnsPath, new IPEndPoint(address, port), cancellationToken);
            }
            catch (SocketException exception)
            {
                failures.Add($"{address}: {exception.Message}");
            }
        }

        throw new RuntimeException(
            RuntimeFailure.Failed, $"failed to connect to localhost:{port} inside the pod's network namespace, {string.Join(", ", failures)}");
    }

    /// <summary>A socket stays in the namespace it was made in; only making it needs to be there.</summary>
    private async Task<Socket> ConnectAsync(string? netnsPath, IPEndPoint target, CancellationToken cancellationToken)
    {
        Socket Make() => new(target.AddressFamily, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        var socket = netnsPath is null ? Make() : await namespaces.RunInAsync(netnsPath, Make, cancellationToken);
        try
        {
            await socket.ConnectAsync(target, cancellationToken);
            return socket;
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }
}
