using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Connections;

namespace Coxswain.DockerApi.Http;

/// <summary>Makes listeners on Unix sockets whose connections can be taken away from HTTP.</summary>
internal sealed class HijackListenerFactory : IConnectionListenerFactory
{
    public ValueTask<IConnectionListener> BindAsync(EndPoint endpoint, CancellationToken cancellationToken = default)
    {
        const int Waiting = 512;
        var socket = new Socket(endpoint.AddressFamily, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            socket.Bind(endpoint);
            socket.Listen(Waiting);
            return ValueTask.FromResult<IConnectionListener>(new HijackListener(socket, endpoint));
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    private sealed class HijackListener(Socket socket, EndPoint endpoint) : IConnectionListener
    {
        private long _accepted;

        public EndPoint EndPoint => endpoint;

        public async ValueTask<ConnectionContext?> AcceptAsync(CancellationToken cancellationToken = default)
        {
            while (true)
            {
                try
                {
                    var accepted = await socket.AcceptAsync(cancellationToken);
                    var id = (++_accepted).ToString(CultureInfo.InvariantCulture);
                    return new HijackConnection(accepted, id);
                }
                catch (Exception exception) when (exception is ObjectDisposedException or SocketException { SocketErrorCode: SocketError.OperationAborted })
                {
                    return null;
                }
                catch (SocketException)
                {
                    // One client that went before it was let in is no reason to turn away the next.
                }
            }
        }

        public ValueTask UnbindAsync(CancellationToken cancellationToken = default)
        {
            socket.Dispose();
            return ValueTask.CompletedTask;
        }

        public ValueTask DisposeAsync()
        {
            socket.Dispose();
            return ValueTask.CompletedTask;
        }
    }
}
