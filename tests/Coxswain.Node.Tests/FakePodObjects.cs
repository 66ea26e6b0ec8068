using Coxswain.Api.Core.V1;
using Coxswain.Node.Objects;

namespace Coxswain.Node.Tests;

/// <summary>ConfigMaps and Secrets by name, whatever the namespace, and the Services of each namespace.</summary>
internal sealed class FakePodObjects : IPodObjects
{
    public Dictionary<string, ConfigMap> ConfigMaps { get; } = [];

    public Dictionary<string, Secret> Secrets { get; } = [];

    public List<Service> Services { get; } = [];

    public Task<ConfigMap?> ConfigMapAsync(string @namespace, string name, CancellationToken cancellationToken) =>
        Task.FromResult(ConfigMaps.GetValueOrDefault(name));

    public Task<Secret?> SecretAsync(string @namespace, string name, CancellationToken cancellationToken) =>
        Task.FromResult(Secrets.GetValueOrDefault(name));

    public Task<IReadOnlyList<Service>> ServicesAsync(string @namespace, CancellationToken cancellationToken) =>
        Task.FromResult<IReadOnlyList<Service>>([.. Services.Where(service => service.Metadata.Namespace == @namespace)]);
}
