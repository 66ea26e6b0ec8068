namespace Coxswain.Linux.Processes;

/// <param name="FileName">An absolute path, or a name looked up in PATH.</param>
/// <param name="Arguments">Without the name of the program itself.</param>
public sealed record ProcessSpec(string FileName, params IReadOnlyList<string> Arguments)
{
    /// <summary>The whole environment of the child; null passes ours on.</summary>
    public IReadOnlyDictionary<string, string>? Environment { get; init; }

    /// <summary>Added to (or replacing entries of) <see cref="Environment"/>.</summary>
    public IReadOnlyDictionary<string, string>? ExtraEnvironment { get; init; }

    public string? WorkingDirectory { get; init; }

    /// <summary>What <see cref="IProcessRunner.RunAsync"/> feeds to standard input; null is /dev/null.</summary>
    public ReadOnlyMemory<byte>? Input { get; init; }

    /// <summary>What to do with standard output and error of a process that is started (RunAsync always captures).</summary>
    public ProcessStreams Streams { get; init; } = ProcessStreams.None;

    /// <summary>Called for each line of standard output and error during <see cref="IProcessRunner.RunAsync"/>.</summary>
    public Action<string>? OnOutputLine { get; init; }

    /// <summary>Put the child in a session of its own, so that signals to our terminal's group do not reach it.</summary>
    public bool NewSession { get; init; }

    /// <summary>Further descriptors of ours and the numbers the child is to have them under.</summary>
    /// <remarks>Ours must lie above all of the child's numbers, or one would overwrite another.</remarks>
    public IReadOnlyList<(int Ours, int Childs)> InheritedFiles { get; init; } = [];

    /// <summary>How much of each output stream RunAsync keeps: the last so many bytes.</summary>
    public int CaptureBytes { get; init; } = 16 * 1024 * 1024;
}

/// <summary>Which standard streams of a started process are pipes to us; the others are /dev/null.</summary>
[Flags]
public enum ProcessStreams
{
    None = 0,
    Input = 1,
    Output = 2,
    Error = 4,
    All = Input | Output | Error,
}
