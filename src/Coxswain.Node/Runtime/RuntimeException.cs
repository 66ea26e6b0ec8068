namespace Coxswain.Node.Runtime;

public enum RuntimeFailure
{
    /// <summary>The kernel, a tool or the file system refused.</summary>
    Failed,

    /// <summary>The container's process could not be made: no such command, user or directory.</summary>
    Start,

    /// <summary>There is no such container or sandbox.</summary>
    NotFound,

    InvalidImageName,

    ImageNotFound,

    ImageUnauthorized,

    RegistryUnavailable,
}

/// <summary>The runtime could not do what was asked.</summary>
public sealed class RuntimeException(RuntimeFailure failure, string message, Exception? cause = null) : Exception(message, cause)
{
    public RuntimeFailure Failure { get; } = failure;

    /// <summary>With <see cref="RuntimeFailure.Start"/>: what a shell would have returned.</summary>
    public int ExitCode { get; init; }
}
