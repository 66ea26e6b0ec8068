namespace Coxswain.Engine.Containers;

/// <summary>A further process in a running container.</summary>
public sealed record ExecSpec
{
    public required IReadOnlyList<string> Args { get; init; }

    /// <summary>Added to the container's own.</summary>
    public IReadOnlyList<string> Env { get; init; } = [];

    /// <summary>Null is the container's.</summary>
    public string? WorkingDirectory { get; init; }

    /// <summary>Null is the container's; otherwise as <see cref="ContainerSpec.User"/>.</summary>
    public string? User { get; init; }

    public bool Stdin { get; init; }

    /// <summary>Standard output and error are then one stream: <see cref="IContainerExec.Output"/>.</summary>
    public bool Terminal { get; init; }

    /// <summary>The first size of the terminal.</summary>
    public TerminalSize? Size { get; init; }

    public bool Privileged { get; init; }
}

public readonly record struct TerminalSize(ushort Columns, ushort Rows);

/// <summary>A running exec. Disposing kills what still runs.</summary>
public interface IContainerExec : IAsyncDisposable
{
    /// <summary>Dispose it to send end of file. Null without <see cref="ExecSpec.Stdin"/>.</summary>
    Stream? Input { get; }

    Stream Output { get; }

    /// <summary>Null with a terminal.</summary>
    Stream? Error { get; }

    /// <summary>The exit code of the process. The streams may still hold output: read them to their ends.</summary>
    Task<int> Exited { get; }

    Task ResizeAsync(TerminalSize size, CancellationToken cancellationToken);

    bool Kill(int signal);
}

/// <summary>A connection to the streams of a container's first process.</summary>
public interface IContainerAttach : IAsyncDisposable
{
    /// <summary>The next piece of output; null when the container has closed its output.</summary>
    ValueTask<AttachOutput?> ReadAsync(CancellationToken cancellationToken);

    ValueTask WriteAsync(ReadOnlyMemory<byte> data, CancellationToken cancellationToken);

    /// <summary>Sends end of file to its standard input.</summary>
    ValueTask CloseInputAsync(CancellationToken cancellationToken);
}

public readonly record struct AttachOutput(bool IsError, ReadOnlyMemory<byte> Data);
