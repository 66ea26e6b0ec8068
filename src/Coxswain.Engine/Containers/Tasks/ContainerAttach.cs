using System.Net.Sockets;
using Coxswain.Linux;
using Coxswain.Linux.Files;

namespace Coxswain.Engine.Containers.Tasks;

/// <summary>
/// A connection to conmon's attach socket, made at once or, when there is no task yet, as soon as there is one. Packets from it begin
/// with the stream's number.
/// </summary>
internal sealed class ContainerAttach : IContainerAttach
{
    private const byte ErrorStream = 3;
    private const int LargestPacket = 32 * 1024;

    private readonly TaskCompletionSource<Socket?> _connected = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly byte[] _buffer = new byte[LargestPacket];

    /// <summary>Connects to a task that is there.</summary>
    public async Task ConnectAsync(string id, string bundle, CancellationToken cancellationToken)
    {
        var socket = new Socket(AddressFamily.Unix, SocketType.Seqpacket, ProtocolType.Unspecified);
        try
        {
            // A socket's address holds 108 bytes, too few for a bundle below a long run directory.
            using var directory = new DirectoryHandle(bundle);
            await socket.ConnectAsync(new UnixDomainSocketEndPoint($"{directory.ShortPath}/attach"), cancellationToken);
        }
        catch (Exception exception)
        {
            socket.Dispose();
            Close();
            if (exception is SocketException or LinuxException)
            {
                throw new EngineException($"container {id} cannot be attached to", exception);
            }

            throw;
        }

        if (!_connected.TrySetResult(socket))
        {
            socket.Dispose();
        }
    }

    /// <summary>There is no task and will be none: reading ends. Without effect on one that is connected.</summary>
    public void Close() => _connected.TrySetResult(null);

    public async ValueTask<AttachOutput?> ReadAsync(CancellationToken cancellationToken)
    {
        if (await _connected.Task.WaitAsync(cancellationToken) is not { } socket)
        {
            return null;
        }

        try
        {
            var count = await socket.ReceiveAsync(_buffer, cancellationToken);
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
        var socket = await _connected.Task.WaitAsync(cancellationToken) ?? throw new EngineException("nothing is attached to");
        while (data.Length > 0)
        {
            var piece = data[..Math.Min(LargestWrite, data.Length)];
            await socket.SendAsync(piece, cancellationToken);
            data = data[piece.Length..];
        }
    }

    public async ValueTask CloseInputAsync(CancellationToken cancellationToken)
    {
        try
        {
            (await _connected.Task.WaitAsync(cancellationToken))?.Shutdown(SocketShutdown.Send);
        }
        catch (SocketException exception) when (exception.SocketErrorCode is SocketError.NotConnected)
        {
            // The task has ended, and its input with it.
        }
    }

    public async ValueTask DisposeAsync()
    {
        Close();
        (await _connected.Task)?.Dispose();
    }
}
