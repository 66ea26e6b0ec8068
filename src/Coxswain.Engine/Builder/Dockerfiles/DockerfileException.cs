namespace Coxswain.Engine.Builder.Dockerfiles;

/// <summary>A Dockerfile that cannot be understood; the message names the line.</summary>
public sealed class DockerfileException(int line, string problem)
    : EngineException($"dockerfile parse error on line {line}: {problem}")
{
    /// <summary>Counted from 1.</summary>
    public int Line { get; } = line;

    public string Problem { get; } = problem;
}
