using Coxswain.Api.Core.V1;

namespace Coxswain.Node.Objects;

/// <summary>The objects a pod refers to, as the API server has them.</summary>
internal interface IPodObjects
{
    /// <summary>Null when there is none.</summary>
    Task<ConfigMap?> ConfigMapAsync(string @namespace, string name, CancellationToken cancellationToken);

    Task<Secret?> SecretAsync(string @namespace, string name, CancellationToken cancellationToken);

    /// <summary>The Services of a namespace.</summary>
    Task<IReadOnlyList<Service>> ServicesAsync(string @namespace, CancellationToken cancellationToken);
}
