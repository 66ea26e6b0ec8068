using System.Net;
using System.Net.Sockets;
using Coxswain.Client;

namespace Coxswain.Network.Proxy;

/// <summary>
/// Holds the NodePorts on 127.0.0.1 as a program that listens would, so that nobody else's port there is taken over by a
/// rule: neither that of a program of this machine nor that of another cluster.
/// </summary>
/// <remarks>Nothing is ever accepted: the rules lead connections elsewhere before they get here. Not for concurrent use.</remarks>
internal sealed class LoopbackPorts : IDisposable
{
    private readonly Dictionary<(string Protocol, int Port), Socket> _held = [];
    private readonly Dictionary<NamespacedName, HashSet<(string Protocol, int Port)>> _wanted = [];

    /// <summary>The Services that want a port somebody else has.</summary>
    public IReadOnlyCollection<NamespacedName> Refused =>
        [.. _wanted.Where(entry => entry.Value.Any(port => !_held.ContainsKey(port))).Select(entry => entry.Key)];

    /// <summary>Takes and gives back ports so that the Service has those it wants, and returns those it got.</summary>
    /// <param name="ports">Protocol in lower case.</param>
    public IReadOnlySet<(string Protocol, int Port)> Replace(NamespacedName service, IEnumerable<(string Protocol, int Port)> ports)
    {
        var wanted = ports.ToHashSet();
        _wanted.Remove(service, out var before);
        if (wanted.Count > 0)
        {
            _wanted.Add(service, wanted);
        }

        foreach (var port in before ?? [])
        {
            // Each NodePort is one Service's; while it moves, both may have it for a moment.
            if (!_wanted.Values.Any(others => others.Contains(port)) && _held.Remove(port, out var socket))
            {
                socket.Dispose();
            }
        }

        return wanted.Where(TryHold).ToHashSet();
    }

    public void Dispose()
    {
        foreach (var socket in _held.Values)
        {
            socket.Dispose();
        }
    }

    private bool TryHold((string Protocol, int Port) port)
    {
        if (_held.ContainsKey(port))
        {
            return true;
        }

        var isStream = port.Protocol == "tcp";
        if (!isStream && port.Protocol != "udp")
        {
            return true; // Not every kernel has SCTP; its ports are not held.
        }

        var socket = new Socket(
            AddressFamily.InterNetwork, isStream ? SocketType.Stream : SocketType.Dgram, isStream ? ProtocolType.Tcp : ProtocolType.Udp);
        try
        {
            socket.Bind(new IPEndPoint(IPAddress.Loopback, port.Port));
            if (isStream)
            {
                socket.Listen(1);
            }

            _held.Add(port, socket);
            return true;
        }
        catch (SocketException)
        {
            socket.Dispose();
            return false;
        }
    }
}
