using System.Net;
using System.Net.Sockets;
using Coxswain.Client;
using Coxswain.Network.Proxy;

namespace Coxswain.Network.Tests.Proxy;

public sealed class LoopbackPortsTests : IDisposable
{
    private static readonly NamespacedName Web = new("default", "web");
    private static readonly NamespacedName Other = new("default", "other");

    private readonly LoopbackPorts _ports = new();

    public void Dispose() => _ports.Dispose();

    [Theory]
    [InlineData("tcp")]
    [InlineData("udp")]
    public void Replace_PortOfAnotherProgram_IsRefusedUntilItIsFree(string protocol)
    {
        using (var program = Listen(protocol, 0))
        {
            var port = ((IPEndPoint)program.LocalEndPoint!).Port;

            Assert.Empty(_ports.Replace(Web, [(protocol, port)]));
            Assert.Equal([Web], _ports.Refused);
            program.Dispose();

            Assert.Equal([(protocol, port)], _ports.Replace(Web, [(protocol, port)]));
            Assert.Empty(_ports.Refused);
        }
    }

    [Theory]
    [InlineData("tcp")]
    [InlineData("udp")]
    public void Replace_HeldPort_KeepsOthersOutUntilItsServiceIsGone(string protocol)
    {
        var port = FreePort(protocol);
        Assert.Single(_ports.Replace(Web, [(protocol, port)]));
        Assert.Throws<SocketException>(() => Listen(protocol, port));
        using var anotherCluster = new LoopbackPorts();
        Assert.Empty(anotherCluster.Replace(Web, [(protocol, port)]));

        Assert.Empty(_ports.Replace(Web, []));

        Listen(protocol, port).Dispose();
    }

    [Fact]
    public void Replace_PortMovesBetweenServices_IsHeldThroughout()
    {
        var port = FreePort("tcp");
        _ports.Replace(Web, [("tcp", port)]);
        Assert.Single(_ports.Replace(Other, [("tcp", port)]));

        _ports.Replace(Web, []);

        Assert.Throws<SocketException>(() => Listen("tcp", port));
    }

    private static Socket Listen(string protocol, int port)
    {
        var isStream = protocol == "tcp";
        var socket = new Socket(
            AddressFamily.InterNetwork, isStream ? SocketType.Stream : SocketType.Dgram, isStream ? ProtocolType.Tcp : ProtocolType.Udp);
        try
        {
            socket.Bind(new IPEndPoint(IPAddress.Loopback, port));
            if (isStream)
            {
                socket.Listen();
            }

            return socket;
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    private static int FreePort(string protocol)
    {
        using var socket = Listen(protocol, 0);
        return ((IPEndPoint)socket.LocalEndPoint!).Port;
    }
}
