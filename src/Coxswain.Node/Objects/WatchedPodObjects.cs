using Coxswain.Api.Core.V1;
using Coxswain.Client;

namespace Coxswain.Node.Objects;

/// <summary>Reads the objects that volumes hold from their watches, shared by all pods of the node.</summary>
internal sealed class WatchedPodObjects(ObjectWatches<ConfigMap> configMaps, ObjectWatches<Secret> secrets) : IPodObjects
{
    /// <summary>Watches what the pod's volumes hold until disposed.</summary>
    public IDisposable Keep(Pod pod, Action changed)
    {
        var keepers = new List<IDisposable>();
        foreach (var name in ConfigMapNames(pod).Distinct(StringComparer.Ordinal))
        {
            keepers.Add(configMaps.Keep(new NamespacedName(pod.Metadata.Namespace, name), changed));
        }

        foreach (var name in SecretNames(pod).Distinct(StringComparer.Ordinal))
        {
            keepers.Add(secrets.Keep(new NamespacedName(pod.Metadata.Namespace, name), changed));
        }

        return new Keepers(keepers);
    }

    public Task<ConfigMap?> ConfigMapAsync(string @namespace, string name, CancellationToken cancellationToken) =>
        configMaps.GetAsync(new NamespacedName(@namespace, name), cancellationToken);

    public Task<Secret?> SecretAsync(string @namespace, string name, CancellationToken cancellationToken) =>
        secrets.GetAsync(new NamespacedName(@namespace, name), cancellationToken);

    public Task<IReadOnlyList<Service>> ServicesAsync(string @namespace, CancellationToken cancellationToken) =>
        throw new NotSupportedException("volumes hold no Services");

    private static IEnumerable<string> ConfigMapNames(Pod pod) =>
        pod.Spec.Volumes.SelectMany(volume => volume switch
        {
            { ConfigMap: { } source } => [source.Name],
            { Projected: { } projected } => projected.Sources.Select(source => source.ConfigMap?.Name).OfType<string>(),
            _ => (IEnumerable<string>)[],
        });

    private static IEnumerable<string> SecretNames(Pod pod) =>
        pod.Spec.Volumes.SelectMany(volume => volume switch
        {
            { Secret: { } source } => [source.SecretName],
            { Projected: { } projected } => projected.Sources.Select(source => source.Secret?.Name).OfType<string>(),
            _ => (IEnumerable<string>)[],
        });

    private sealed class Keepers(List<IDisposable> keepers) : IDisposable
    {
        public void Dispose() => keepers.ForEach(keeper => keeper.Dispose());
    }
}
