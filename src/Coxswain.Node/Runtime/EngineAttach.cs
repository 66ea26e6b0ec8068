using System.Net.Sockets;
using Coxswain.Engine;
using Coxswain.Engine.Containers;

namespace Coxswain.Node.Runtime;

/// <summary>An attach of the engine's in the runtime's words.</summary>
internal sealed class EngineAttach(IContainers containers, string containerId, IContainerAttach attach, bool takesInput) : IRuntimeAttach
{
    public async ValueTask<RuntimeOutput?> ReadAsync(CancellationToken cancellationToken) =>
        await attach.ReadAsync(cancellationToken) is { } output ? new RuntimeOutput(output.IsError, output.Data) : null;

    public async ValueTask WriteAsync(ReadOnlyMemory<byte> data, CancellationToken cancellationToken)
    {
        if (!takesInput)
        {
            return;
        }

        try
        {
            await attach.WriteAsync(data, cancellationToken);
        }
        catch (Exception exception) when (exception is SocketException or EngineException)
        {
            throw new IOException("the container's input is closed", exception);
        }
    }

    public ValueTask CloseInputAsync(CancellationToken cancellationToken) => attach.CloseInputAsync(cancellationToken);

    public async Task ResizeAsync(int columns, int rows, CancellationToken cancellationToken)
    {
        try
        {
            await containers.ResizeAsync(containerId, new TerminalSize((ushort)columns, (ushort)rows), cancellationToken);
        }
        catch (EngineException exception)
        {
            throw new RuntimeException(RuntimeFailure.Failed, exception.Message, exception);
        }
    }

    public ValueTask DisposeAsync() => attach.DisposeAsync();
}
