using Coxswain.Api.Meta.V1;

namespace Coxswain.Api;

/// <summary>A request cannot be done; <see cref="Status"/> is the answer its sender gets.</summary>
public sealed class KubeStatusException(Status status) : Exception(status.Message)
{
    public Status Status { get; } = status;
}
