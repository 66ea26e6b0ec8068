namespace Coxswain.Engine.Builder;

/// <summary>A build that cannot go on; the message says at which line of the Dockerfile when there is one.</summary>
public sealed class BuildException : EngineException
{
    public BuildException(string message, Exception? cause = null)
        : base(message, cause!) // A null cause is what Exception itself expects when there is none.
    {
    }

    /// <param name="line">Counted from 1.</param>
    public BuildException(int line, string message, Exception? cause = null)
        : base($"line {line}: {message}", cause!) => Line = line; // As above.

    /// <summary>0 when the failure belongs to no line.</summary>
    public int Line { get; }

    /// <summary>What a failed RUN ended with; 0 when that is not what failed.</summary>
    public int ExitCode { get; init; }
}
