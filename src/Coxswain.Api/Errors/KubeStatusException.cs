using Coxswain.Api.Meta.V1;

namespace Coxswain.Api.Errors;

/// <summary>
/// The API server refuses a request; <see cref="Status"/> says why, in Kubernetes' own form. Thrown where the refusal is
/// decided, and by every client, in process or remote, to the caller whose request it was.
/// </summary>
public sealed class KubeStatusException(Status status) : Exception(status.Message)
{
    public Status Status { get; } = status;

    public bool IsNotFound => Status.Reason == StatusReason.NotFound;

    public bool IsConflict => Status.Reason == StatusReason.Conflict;

    public bool IsAlreadyExists => Status.Reason == StatusReason.AlreadyExists;

    /// <summary>A resourceVersion or continue token is too old: list again.</summary>
    public bool IsExpired => Status.Reason is StatusReason.Expired or StatusReason.Gone;

    /// <summary>The namespace is being deleted and takes no new objects.</summary>
    public bool IsNamespaceTerminating => Status.Details?.Causes.Any(cause => cause.Reason == "NamespaceTerminating") == true;
}
