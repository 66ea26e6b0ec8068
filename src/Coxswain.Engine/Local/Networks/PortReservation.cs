using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace Coxswain.Engine.Local.Networks;

/// <summary>
/// A port of the machine that is kept for a container: bound, so that nobody else gets it and a conflict is known at once. Nothing is
/// ever accepted on it, as the kernel's rules lead all packets for it to the container.
/// </summary>
internal sealed class PortReservation : IDisposable
{
    private readonly Socket _socket;

    private PortReservation(Socket socket) => _socket = socket;

    public ushort Port => (ushort)((IPEndPoint)_socket.LocalEndPoint!).Port; // Bound when made.

    /// <exception cref="LocalException">No port of the range is free.</exception>
    public static PortReservation Take(PublishSpec spec)
    {
        var address = spec.HostAddress.Length == 0 ? IPAddress.Any
            : IPAddress.TryParse(spec.HostAddress, out var parsed) && parsed.AddressFamily == AddressFamily.InterNetwork ? parsed
            : spec.HostAddress is "::" or "[::]" ? IPAddress.Any
            : throw new LocalException(LocalErrorKind.Invalid, $"invalid host address for a port: {spec.HostAddress}");
        SocketException? last = null;
        for (int port = spec.FirstHostPort; port <= spec.LastHostPort; port++)
        {
            try
            {
                return new PortReservation(Bind(spec.Protocol, new IPEndPoint(address, port)));
            }
            catch (SocketException exception)
            {
                last = exception;
            }
        }

        var ports = spec.FirstHostPort == spec.LastHostPort
            ? spec.FirstHostPort.ToString(CultureInfo.InvariantCulture)
            : $"{spec.FirstHostPort}-{spec.LastHostPort}";
        throw new LocalException(
            LocalErrorKind.Failed,
            last?.SocketErrorCode == SocketError.AddressAlreadyInUse
                ? $"driver failed programming external connectivity: Bind for {address}:{ports} failed: port is already allocated"
                : $"driver failed programming external connectivity: cannot listen on {address}:{ports}: {last?.Message}",
            last);
    }

    public void Dispose() => _socket.Dispose();

    private static Socket Bind(string protocol, IPEndPoint endpoint)
    {
        var tcp = protocol == "tcp";
        var socket = new Socket(AddressFamily.InterNetwork, tcp ? SocketType.Stream : SocketType.Dgram, tcp ? ProtocolType.Tcp : ProtocolType.Udp);
        try
        {
            socket.Bind(endpoint);
            if (tcp)
            {
                // Two may bind one port as long as neither listens.
                socket.Listen(1);
            }

            return socket;
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }
}
