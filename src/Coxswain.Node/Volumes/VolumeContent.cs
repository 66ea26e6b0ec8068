using System.Text;
using Coxswain.Api.Core.V1;
using Coxswain.Api.Scalars;
using Coxswain.Node.Objects;
using Coxswain.Node.PodFacts;

namespace Coxswain.Node.Volumes;

/// <summary>The files of ConfigMap, Secret, downward API and projected volumes.</summary>
internal sealed record VolumeContent(
    IPodObjects Objects, PodTokenCache Tokens, string HostAddress, IReadOnlyDictionary<string, Quantity> Allocatable)
{
    private const int DefaultMode = 0b110_100_100;
    private const int TokenMode = 0b110_000_000;

    /// <summary>The files of a volume, or null when it is of another kind.</summary>
    public async Task<IReadOnlyDictionary<string, VolumeFile>?> ReadAsync(
        Pod pod, Volume volume, IReadOnlyList<string> podAddresses, CancellationToken cancellationToken)
    {
        var files = new Dictionary<string, VolumeFile>(StringComparer.Ordinal);
        switch (volume)
        {
            case { ConfigMap: { } source }:
                var configMap = await Objects.ConfigMapAsync(pod.Metadata.Namespace, source.Name, cancellationToken);
                Add(files, Data(configMap), source.Items, source.DefaultMode, source.Optional, "configmap", pod, source.Name);
                return files;
            case { Secret: { } source }:
                var secret = await Objects.SecretAsync(pod.Metadata.Namespace, source.SecretName, cancellationToken);
                Add(files, secret?.Data, source.Items, source.DefaultMode, source.Optional, "secret", pod, source.SecretName);
                return files;
            case { DownwardAPI: { } source }:
                AddDownward(files, pod, source.Items, source.DefaultMode, podAddresses);
                return files;
            case { Projected: { } source }:
                foreach (var projection in source.Sources)
                {
                    await AddProjectedAsync(files, pod, projection, source.DefaultMode, podAddresses, cancellationToken);
                }

                return files;
            default:
                return null;
        }
    }

    private async Task AddProjectedAsync(
        Dictionary<string, VolumeFile> files, Pod pod, VolumeProjection projection, int? defaultMode,
        IReadOnlyList<string> podAddresses, CancellationToken cancellationToken)
    {
        switch (projection)
        {
            case { ConfigMap: { } source }:
                var configMap = await Objects.ConfigMapAsync(pod.Metadata.Namespace, source.Name, cancellationToken);
                Add(files, Data(configMap), source.Items, defaultMode, source.Optional, "configmap", pod, source.Name);
                break;
            case { Secret: { } source }:
                var secret = await Objects.SecretAsync(pod.Metadata.Namespace, source.Name, cancellationToken);
                Add(files, secret?.Data, source.Items, defaultMode, source.Optional, "secret", pod, source.Name);
                break;
            case { DownwardAPI: { } source }:
                AddDownward(files, pod, source.Items, defaultMode, podAddresses);
                break;
            case { ServiceAccountToken: { } source }:
                var token = await Tokens.GetAsync(pod, source, cancellationToken);
                var user = SingleUser(pod);
                var isPrivate = user is not null || pod.Spec.SecurityContext?.FsGroup is not null;
                files[Checked(source.Path)] = new VolumeFile(Encoding.UTF8.GetBytes(token), isPrivate ? TokenMode : defaultMode ?? DefaultMode, user);
                break;
            default:
                throw new VolumeException("projected volume source is not supported");
        }
    }

    private void AddDownward(
        Dictionary<string, VolumeFile> files, Pod pod, IReadOnlyList<DownwardAPIVolumeFile> items, int? defaultMode,
        IReadOnlyList<string> podAddresses)
    {
        foreach (var item in items)
        {
            var text = item switch
            {
                { FieldRef: { } field } => DownwardFields.Field(pod, field.FieldPath, HostAddress, podAddresses),
                { ResourceFieldRef: { } resource } => DownwardFields.Resource(pod, pod.Spec.Containers[0], resource, Allocatable),
                _ => "",
            };
            files[Checked(item.Path)] = new VolumeFile(Encoding.UTF8.GetBytes(text), item.Mode ?? defaultMode ?? DefaultMode);
        }
    }

    private static void Add(
        Dictionary<string, VolumeFile> files, IReadOnlyDictionary<string, ReadOnlyMemory<byte>>? data, IReadOnlyList<KeyToPath> items,
        int? defaultMode, bool? optional, string kind, Pod pod, string name)
    {
        if (data is null)
        {
            if (optional == true)
            {
                return;
            }

            throw new VolumeException($"{kind} \"{name}\" not found");
        }

        if (items.Count == 0)
        {
            foreach (var (key, value) in data)
            {
                files[key] = new VolumeFile(value, defaultMode ?? DefaultMode);
            }

            return;
        }

        foreach (var item in items)
        {
            if (data.TryGetValue(item.Key, out var value))
            {
                files[Checked(item.Path)] = new VolumeFile(value, item.Mode ?? defaultMode ?? DefaultMode);
            }
            else if (optional != true)
            {
                throw new VolumeException($"references non-existent {kind} key: {item.Key} in {pod.Metadata.Namespace}/{name}");
            }
        }
    }

    private static Dictionary<string, ReadOnlyMemory<byte>>? Data(ConfigMap? configMap)
    {
        if (configMap is null)
        {
            return null;
        }

        var data = new Dictionary<string, ReadOnlyMemory<byte>>(configMap.BinaryData, StringComparer.Ordinal);
        foreach (var (key, value) in configMap.Data)
        {
            data[key] = Encoding.UTF8.GetBytes(value);
        }

        return data;
    }

    /// <summary>The user every container runs as, when the pod says so: a token can then be that user's alone.</summary>
    private static long? SingleUser(Pod pod)
    {
        var users = pod.Spec.InitContainers.Concat(pod.Spec.Containers)
            .Select(container => container.SecurityContext?.RunAsUser ?? pod.Spec.SecurityContext?.RunAsUser).Distinct().ToList();
        return users is [{ } user] ? user : null;
    }

    /// <summary>
    /// The path without detours: its first part names the link that leads to it. Names that begin with two dots are the writer's own.
    /// </summary>
    private static string Checked(string path)
    {
        var parts = path.Split('/').Where(part => part is not ("" or ".")).ToList();
        return parts.Count > 0 && !Path.IsPathRooted(path) && !parts.Contains("..") && !parts[0].StartsWith("..", StringComparison.Ordinal)
            ? string.Join('/', parts)
            : throw new VolumeException($"invalid path: {path}");
    }
}
