namespace Coxswain.Node.Objects;

/// <summary>Something a pod refers to (a claim, its volume, a token) cannot be had, or not yet.</summary>
internal sealed class PodObjectException(string message, Exception? cause = null) : Exception(message, cause);
