using System.Net.Sockets;
using Coxswain.Linux;
using Coxswain.Linux.Files;

namespace Coxswain.Engine.Containers;

/// <summary>A connection to conmon's attach socket: packets from it begin with the stream's number.</summary>
internal sealed class ContainerAttach : IContainerAttach
{
    private const byte ErrorStream = 3;
    private const int LargestPacket = 32 * 1024;

    private readonly Socket _socket;
    private readonly byte[] _buffer = new byte[LargestPacket];

    private ContainerAttach(Socket socket) => _socket = socket;

    public static async Task<IContainerAttach> ConnectAsync(string id, string bundle, CancellationToken cancellationToken)
    {
        var socket = new Socket(AddressFamily.Unix, SocketType.Seqpacket, ProtocolType.Unspecified);
        try
        {
            // A socket's address holds 108 bytes, too few for a bundle below a long run directory.
            using var directory = new DirectoryHandle(bundle);
            await socket.ConnectAsync(new UnixDomainSocketEndPoint($"{directory.ShortPath}/attach"), cancellationToken);
            return new ContainerAttach(socket);
        }
        catch (Exception exception) when (exception is SocketException or LinuxException)
        {
            socket.Dispose();
            throw new EngineException($"container {id} cannot be attached to", exception);
        }
    }

    public async ValueTask<AttachOutput?> ReadAsync(CancellationToken cancellationToken)
    {
        try
        {
            var count = await _socket.ReceiveAsync(_buffer, cancellationToken);
            return count == 0 ? null : new AttachOutput(_buffer[0] == ErrorStream, _buffer.AsMemory(1, count - 1));
        }
        catch (SocketException exception) when (exception.SocketErrorCode == SocketError.ConnectionReset)
        {
            return null;
        }
    }

    public async ValueTask WriteAsync(ReadOnlyMemory<byte> data, CancellationToken cancellationToken)
    {
        const int LargestWrite = 8 * 1024;
        while (data.Length > 0)
        {
            var piece = data[..Math.Min(LargestWrite, data.Length)];
            await _socket.SendAsync(piece, cancellationToken);
            data = data[piece.Length..];
        }
    }

    public ValueTask CloseInputAsync(CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        _socket.Shutdown(SocketShutdown.Send);
        return ValueTask.CompletedTask;
    }

    public ValueTask DisposeAsync()
    {
        _socket.Dispose();
        return ValueTask.CompletedTask;
    }
}
