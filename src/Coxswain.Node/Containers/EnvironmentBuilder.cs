using System.Text;
using Coxswain.Api.Core.V1;
using Coxswain.Api.Scalars;
using Coxswain.Node.Objects;
using Coxswain.Node.PodFacts;

namespace Coxswain.Node.Containers;

/// <summary>A container's environment: envFrom, then env over it, then what Services add without replacing anything.</summary>
/// <param name="HostAddress">The node's address.</param>
/// <param name="Allocatable">Of the node, for limits that are not set.</param>
internal sealed record EnvironmentBuilder(
    IPodObjects Objects, string HostAddress, IReadOnlyDictionary<string, Quantity> Allocatable)
{
    /// <param name="podAddresses">Of the pod's sandbox.</param>
    /// <exception cref="ContainerConfigException">Something it refers to is missing.</exception>
    public async Task<IReadOnlyList<KeyValuePair<string, string>>> BuildAsync(
        Pod pod, Container container, IReadOnlyList<string> podAddresses, CancellationToken cancellationToken)
    {
        var services = await ServicesAsync(pod, cancellationToken);
        var set = new OrderedDictionary<string, string>(StringComparer.Ordinal);
        foreach (var source in container.EnvFrom)
        {
            await AddFromAsync(set, pod, source, cancellationToken);
        }

        foreach (var variable in container.Env)
        {
            var value = variable.ValueFrom is { } from
                ? await ValueFromAsync(pod, container, from, podAddresses, cancellationToken)
                : VariableExpansion.Expand(variable.Value, name => set.GetValueOrDefault(name) ?? services.GetValueOrDefault(name));
            if (value is not null)
            {
                set[variable.Name] = value;
            }
        }

        foreach (var (name, value) in services)
        {
            set.TryAdd(name, value);
        }

        return [.. set];
    }

    private async Task<OrderedDictionary<string, string>> ServicesAsync(Pod pod, CancellationToken cancellationToken)
    {
        // Without links a pod still learns of the API server, as every in-cluster client needs.
        var services = new List<Service>();
        var all = await Objects.ServicesAsync("default", cancellationToken);
        services.AddRange(all.Where(service => service.Metadata.Name == "kubernetes"));
        if (pod.Spec.EnableServiceLinks ?? true)
        {
            var own = pod.Metadata.Namespace == "default" ? all : await Objects.ServicesAsync(pod.Metadata.Namespace, cancellationToken);
            services.AddRange(own.Where(service => !services.Contains(service)));
        }

        var variables = new OrderedDictionary<string, string>(StringComparer.Ordinal);
        foreach (var (name, value) in ServiceEnvironment.Of(services))
        {
            variables[name] = value;
        }

        return variables;
    }

    private async Task AddFromAsync(
        OrderedDictionary<string, string> set, Pod pod, EnvFromSource source, CancellationToken cancellationToken)
    {
        var entries = source switch
        {
            { ConfigMapRef: { } configMap } => (await FindConfigMapAsync(pod, configMap.Name, configMap.Optional, cancellationToken))?.Data,
            { SecretRef: { } secret } => Texts(await FindSecretAsync(pod, secret.Name, secret.Optional, cancellationToken)),
            _ => null,
        };
        foreach (var (key, value) in (entries ?? new Dictionary<string, string>()).OrderBy(entry => entry.Key, StringComparer.Ordinal))
        {
            var name = source.Prefix + key;
            if (IsName(name))
            {
                set[name] = value;
            }
        }
    }

    private async Task<string?> ValueFromAsync(
        Pod pod, Container container, EnvVarSource from, IReadOnlyList<string> podAddresses, CancellationToken cancellationToken)
    {
        switch (from)
        {
            case { FieldRef: { } field }:
                return DownwardFields.Field(pod, field.FieldPath, HostAddress, podAddresses);
            case { ResourceFieldRef: { } resource }:
                return DownwardFields.Resource(pod, container, resource, Allocatable);
            case { ConfigMapKeyRef: { } key }:
                var configMap = await FindConfigMapAsync(pod, key.Name, key.Optional, cancellationToken);
                return configMap is not null && configMap.Data.TryGetValue(key.Key, out var text)
                    ? text
                    : Missing(key.Optional, $"couldn't find key {key.Key} in ConfigMap {pod.Metadata.Namespace}/{key.Name}");
            case { SecretKeyRef: { } key }:
                var secret = await FindSecretAsync(pod, key.Name, key.Optional, cancellationToken);
                return secret is not null && secret.Data.TryGetValue(key.Key, out var bytes)
                    ? Encoding.UTF8.GetString(bytes.Span)
                    : Missing(key.Optional, $"couldn't find key {key.Key} in Secret {pod.Metadata.Namespace}/{key.Name}");
            case { FileKeyRef: not null }:
                throw new ContainerConfigException("fileKeyRef: this node does not read variables from files of volumes");
            default:
                return "";
        }
    }

    private async Task<ConfigMap?> FindConfigMapAsync(Pod pod, string name, bool? optional, CancellationToken cancellationToken) =>
        await Objects.ConfigMapAsync(pod.Metadata.Namespace, name, cancellationToken)
        ?? (optional == true ? null : throw new ContainerConfigException($"configmap \"{name}\" not found"));

    private async Task<Secret?> FindSecretAsync(Pod pod, string name, bool? optional, CancellationToken cancellationToken) =>
        await Objects.SecretAsync(pod.Metadata.Namespace, name, cancellationToken)
        ?? (optional == true ? null : throw new ContainerConfigException($"secret \"{name}\" not found"));

    private static string? Missing(bool? optional, string message) =>
        optional == true ? null : throw new ContainerConfigException(message);

    private static Dictionary<string, string>? Texts(Secret? secret) =>
        secret?.Data.ToDictionary(entry => entry.Key, entry => Encoding.UTF8.GetString(entry.Value.Span));

    /// <summary>What can be a variable's name; other keys of an envFrom are passed over.</summary>
    private static bool IsName(string name) =>
        name.Length > 0 && name.All(c => c is >= ' ' and <= '~' and not '=');
}
