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

    /// <summary>Nobody listens: its streams are empty, and it goes on when it is let go of.</summary>
    public bool Detached { get; init; }
}

public readonly record struct TerminalSize(ushort Columns, ushort Rows);

public enum ExecState
{
    Created,
    Running,
    Exited,
}

/// <summary>An exec at one moment. Immutable.</summary>
/// <param name="Pid">The process in our pid namespace; 0 when it does not run.</param>
/// <param name="ExitCode">Null until it has ended.</param>
public sealed record ExecStatus(
    string Id,
    string ContainerId,
    ExecSpec Spec,
    ExecState State,
    int Pid,
    int? ExitCode,
    DateTimeOffset CreatedAt,
    DateTimeOffset? StartedAt,
    DateTimeOffset? FinishedAt);

/// <summary>A running exec. Disposing kills what still runs, unless it is detached.</summary>
public interface IContainerExec : IAsyncDisposable
{
    string Id { get; }

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
    /// <summary>The next piece of output; null when the task has closed its output, or none was made.</summary>
    ValueTask<AttachOutput?> ReadAsync(CancellationToken cancellationToken);

    ValueTask WriteAsync(ReadOnlyMemory<byte> data, CancellationToken cancellationToken);

    /// <summary>
    /// Ends what we send. The process sees the end of its input when the container has <see cref="ContainerSpec.StdinOnce"/>;
    /// otherwise its input stays open for whoever attaches next.
    /// </summary>
    ValueTask CloseInputAsync(CancellationToken cancellationToken);
}

public readonly record struct AttachOutput(bool IsError, ReadOnlyMemory<byte> Data);
