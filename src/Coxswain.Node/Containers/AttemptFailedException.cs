namespace Coxswain.Node.Containers;

internal enum StartFailure
{
    /// <summary>The image is not to be had: tried again with the image's back-off.</summary>
    Image,

    /// <summary>What the container refers to is missing, or the runtime could not make it: tried again soon.</summary>
    Configuration,

    /// <summary>Its process could not be made: counts as an attempt that ended.</summary>
    Process,
}

/// <summary>An attempt at a container did not get to run.</summary>
/// <param name="reason">What <c>kubectl get pods</c> shows: <c>ErrImagePull</c>, <c>CreateContainerConfigError</c> ...</param>
internal sealed class AttemptFailedException(StartFailure failure, string reason, string message, Exception? cause = null)
    : Exception(message, cause)
{
    public StartFailure Failure { get; } = failure;

    public string Reason { get; } = reason;

    public int ExitCode { get; init; } = 128;
}
