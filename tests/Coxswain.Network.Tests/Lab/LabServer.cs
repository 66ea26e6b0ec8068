using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Coxswain.Network.Tests.Lab;

/// <summary>Answers everyone with its name and their address, until disposed.</summary>
public sealed class LabServer : IAsyncDisposable
{
    private readonly Socket _socket;
    private readonly string _name;
    private readonly CancellationTokenSource _stop = new();
    private readonly Task _running;

    public LabServer(Socket socket, string name, int port)
    {
        _socket = socket;
        _name = name;
        socket.Bind(new IPEndPoint(IPAddress.Any, port));
        if (socket.ProtocolType == ProtocolType.Tcp)
        {
            socket.Listen();
        }

        _running = socket.ProtocolType == ProtocolType.Tcp ? AcceptAsync() : ReceiveAsync();
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _running;
        _socket.Dispose();
    }

    private async Task AcceptAsync()
    {
        while (!_stop.IsCancellationRequested)
        {
            try
            {
                using var client = await _socket.AcceptAsync(_stop.Token);
                await client.SendAsync(Answer(client.RemoteEndPoint!), _stop.Token);
            }
            catch (Exception exception) when (exception is SocketException or OperationCanceledException)
            {
            }
        }
    }

    private async Task ReceiveAsync()
    {
        var buffer = new byte[64];
        while (!_stop.IsCancellationRequested)
        {
            try
            {
                var received = await _socket.ReceiveFromAsync(buffer, new IPEndPoint(IPAddress.Any, 0), _stop.Token);
                await _socket.SendToAsync(Answer(received.RemoteEndPoint), received.RemoteEndPoint, _stop.Token);
            }
            catch (Exception exception) when (exception is SocketException or OperationCanceledException)
            {
            }
        }
    }

    private byte[] Answer(EndPoint client) => Encoding.ASCII.GetBytes($"{_name} {((IPEndPoint)client).Address}");
}
