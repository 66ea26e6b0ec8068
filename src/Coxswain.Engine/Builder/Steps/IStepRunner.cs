namespace Coxswain.Engine.Builder.Steps;

/// <summary>Runs the command of a RUN on top of layers and leaves what it changed in a directory.</summary>
public interface IStepRunner
{
    /// <summary>
    /// Returns the command's exit code. What it wrote is then in <see cref="StepCommand.UpperDirectory"/>, in overlayfs' form,
    /// without anything of the runner's own.
    /// </summary>
    /// <param name="output">Called for each line, from one task at a time.</param>
    Task<int> RunAsync(StepCommand command, Action<StepOutputLine> output, CancellationToken cancellationToken);
}

public readonly record struct StepOutputLine(string Line, bool IsError);

public sealed record StepCommand
{
    /// <summary>An empty directory for the runner's own files; its owner removes it afterwards.</summary>
    public required string WorkDirectory { get; init; }

    /// <summary>Made by the runner, on the file system of <see cref="WorkDirectory"/>.</summary>
    public required string UpperDirectory { get; init; }

    /// <summary>Read-only layers, the top one first; may be empty.</summary>
    public required IReadOnlyList<string> LayerDirectories { get; init; }

    public required IReadOnlyList<string> Args { get; init; }

    public IReadOnlyList<string> Env { get; init; } = [];

    public string WorkingDirectory { get; init; } = "/";

    public string User { get; init; } = "";

    /// <summary><c>default</c> (the runner's bridge, or without one only loopback), <c>host</c> or <c>none</c>.</summary>
    public string Network { get; init; } = "default";

    public IReadOnlyList<StepMount> Mounts { get; init; } = [];
}

/// <param name="Source">A directory that is kept between builds, or null for memory.</param>
public sealed record StepMount(string? Source, string Target, bool ReadOnly = false)
{
    /// <summary>Of memory; empty for the kernel's default.</summary>
    public string Size { get; init; } = "";
}
