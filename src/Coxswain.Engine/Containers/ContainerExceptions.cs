namespace Coxswain.Engine.Containers;

/// <summary>There is no container of that id.</summary>
public sealed class ContainerNotFoundException(string id) : EngineException($"no such container: {id}")
{
    public string Id { get; } = id;
}

/// <summary>There is no exec of that id, or it ended and was forgotten since.</summary>
public sealed class ExecNotFoundException(string id) : EngineException($"no such exec: {id}")
{
    public string Id { get; } = id;
}

/// <summary>The container is not in the state this needs, e.g. exec in one that has exited.</summary>
public sealed class ContainerStateException(string id, string message) : EngineException($"container {id}: {message}")
{
    public string Id { get; } = id;
}

/// <summary>A process could not be made from what the spec says.</summary>
public sealed class ContainerStartException : EngineException
{
    public ContainerStartException(string id, int exitCode, string message, Exception? innerException = null)
        : base(message, innerException!) // A null cause is what Exception itself expects when there is none.
    {
        Id = id;
        ExitCode = exitCode;
    }

    public string Id { get; }

    /// <summary>What a shell would have returned: 127 for a command not found, 126 for one that may not run, else 128.</summary>
    public int ExitCode { get; }
}
