using Coxswain.Api;
using Coxswain.Api.Resources;

namespace Coxswain.Client;

/// <summary>
/// What the API server serves at this moment. Kinds come and go while it runs; whoever treats every kind alike (the
/// garbage collector, namespace deletion, quota) reads this instead of the list of built-in kinds.
/// </summary>
public interface IKubeDiscovery
{
    /// <summary>The resources served now.</summary>
    ServedResources Current { get; }

    /// <summary>Completes with the newer value as soon as something else than <paramref name="known"/> is served.</summary>
    Task<ServedResources> WaitForChangeAsync(ServedResources known, CancellationToken cancellationToken);
}

/// <summary>One state of discovery. Each resource appears once, at the version its group prefers.</summary>
/// <param name="Resources">In the order of their groups and names.</param>
public sealed record ServedResources(IReadOnlyList<ApiResource> Resources)
{
    /// <summary>The resource of a kind at whatever version a reference names; null when the kind is not served.</summary>
    public ApiResource? Find(ObjectKind kind) =>
        Resources.FirstOrDefault(resource => resource.Group == kind.Group && resource.Kind == kind.Kind);

    // Two states are the same only when they are one: contents are compared by nobody.
    public bool Equals(ServedResources? other) => ReferenceEquals(this, other);

    public override int GetHashCode() => System.Runtime.CompilerServices.RuntimeHelpers.GetHashCode(this);
}
