namespace Coxswain.Engine.Builder.Dockerfiles;

/// <summary>One instruction as written; variables are still in it.</summary>
/// <param name="Line">Where it begins, counted from 1.</param>
/// <param name="Text">The instruction on one line, as progress and errors show it.</param>
internal abstract record Instruction(int Line, string Text);

/// <param name="Platform">Empty when not given.</param>
/// <param name="Name">Of the stage, lower case; empty when it has none.</param>
internal sealed record FromInstruction(int Line, string Text, string Image, string Name, string Platform)
    : Instruction(Line, Text);

internal sealed record ArgInstruction(int Line, string Text, IReadOnlyList<ArgDeclaration> Arguments) : Instruction(Line, Text);

/// <param name="Default">Null when there is none: then only <c>--build-arg</c> gives it a value.</param>
internal sealed record ArgDeclaration(string Name, string? Default);

internal sealed record EnvInstruction(int Line, string Text, IReadOnlyList<KeyValuePair<string, string>> Pairs)
    : Instruction(Line, Text);

internal sealed record LabelInstruction(int Line, string Text, IReadOnlyList<KeyValuePair<string, string>> Pairs)
    : Instruction(Line, Text);

internal sealed record MaintainerInstruction(int Line, string Text, string Name) : Instruction(Line, Text);

internal sealed record RunInstruction(int Line, string Text, CommandLine Command, string Network, IReadOnlyList<RunMount> Mounts)
    : Instruction(Line, Text);

internal sealed record CopyInstruction(
    int Line, string Text, bool IsAdd, IReadOnlyList<string> Sources, IReadOnlyList<HereDocument> Documents,
    string Destination, string From, string Owner, string Mode)
    : Instruction(Line, Text)
{
    /// <summary>Sources keep the directories they are named with; those before a <c>/./</c> aside.</summary>
    public bool Parents { get; init; }

    /// <summary>Patterns, as in <c>.dockerignore</c>, of what is left out.</summary>
    public IReadOnlyList<string> Excludes { get; init; } = [];

    /// <summary>What a file from a URL must hash to; empty when not given.</summary>
    public string Checksum { get; init; } = "";
}

internal sealed record WorkdirInstruction(int Line, string Text, string Path) : Instruction(Line, Text);

internal sealed record UserInstruction(int Line, string Text, string User) : Instruction(Line, Text);

internal sealed record ExposeInstruction(int Line, string Text, IReadOnlyList<string> Ports) : Instruction(Line, Text);

internal sealed record VolumeInstruction(int Line, string Text, IReadOnlyList<string> Paths) : Instruction(Line, Text);

internal sealed record CmdInstruction(int Line, string Text, CommandLine Command) : Instruction(Line, Text);

internal sealed record EntrypointInstruction(int Line, string Text, CommandLine Command) : Instruction(Line, Text);

internal sealed record ShellInstruction(int Line, string Text, IReadOnlyList<string> Shell) : Instruction(Line, Text);

internal sealed record StopSignalInstruction(int Line, string Text, string Signal) : Instruction(Line, Text);

/// <param name="Command">Null for <c>NONE</c>.</param>
internal sealed record HealthCheckInstruction(
    int Line, string Text, CommandLine? Command, TimeSpan? Interval, TimeSpan? Timeout, TimeSpan? StartPeriod,
    TimeSpan? StartInterval, int? Retries)
    : Instruction(Line, Text);

/// <param name="Trigger">Another instruction, checked already, kept as text in the image.</param>
internal sealed record OnBuildInstruction(int Line, string Text, string Trigger) : Instruction(Line, Text);

/// <param name="IsShell">One string for the shell; otherwise the words to execute.</param>
internal sealed record CommandLine(bool IsShell, IReadOnlyList<string> Words);

/// <param name="Expand">Whether variables in it are replaced: not when its word was quoted.</param>
internal sealed record HereDocument(string Name, string Content, bool Expand);
