namespace Coxswain.Node.Runtime;

/// <summary>A connection to the streams of a container's first process. Disposing leaves the process running.</summary>
public interface IRuntimeAttach : IAsyncDisposable
{
    /// <summary>The next piece of output, good until the next is read; null when the process has closed its output.</summary>
    ValueTask<RuntimeOutput?> ReadAsync(CancellationToken cancellationToken);

    ValueTask WriteAsync(ReadOnlyMemory<byte> data, CancellationToken cancellationToken);

    /// <summary>Ends what we send. The process sees the end of its input when the container has <see cref="ContainerConfig.StdinOnce"/>.</summary>
    ValueTask CloseInputAsync(CancellationToken cancellationToken);

    Task ResizeAsync(int columns, int rows, CancellationToken cancellationToken);
}

public readonly record struct RuntimeOutput(bool IsError, ReadOnlyMemory<byte> Data);
