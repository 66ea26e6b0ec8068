using Coxswain.Api.Core.V1;
using Coxswain.Linux.Mounts;
using Coxswain.Node.Files;
using Coxswain.Node.Objects;
using Coxswain.Node.PodFacts;

namespace Coxswain.Node.Volumes;

/// <summary>The volumes of one pod on the node's disk. Setting up again brings changed content in and leaves the rest alone.</summary>
internal sealed class PodVolumes(
    string podUid, NodePaths paths, VolumeContent content, IClaimedVolumes claims, IMounts mounts, TimeProvider time)
{
    private const UnixFileMode OpenDirectory = (UnixFileMode)0b111_111_111;

    /// <summary>When a token wants to be renewed by setting up again.</summary>
    public DateTimeOffset? RenewAt => content.Tokens.RenewAt;

    /// <summary>The host path of each volume by its name. Not for concurrent use.</summary>
    /// <exception cref="VolumeException">One of them cannot be had (yet).</exception>
    public async Task<IReadOnlyDictionary<string, string>> SetUpAsync(
        Pod pod, IReadOnlyList<string> podAddresses, CancellationToken cancellationToken)
    {
        var result = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var volume in pod.Spec.Volumes)
        {
            try
            {
                result[volume.Name] = await SetUpAsync(pod, volume, podAddresses, cancellationToken);
            }
            catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or VolumeException or PodObjectException or ContainerConfigException)
            {
                throw new VolumeException($"MountVolume.SetUp failed for volume \"{volume.Name}\" : {exception.Message}", exception);
            }
        }

        return result;
    }

    private async Task<string> SetUpAsync(Pod pod, Volume volume, IReadOnlyList<string> podAddresses, CancellationToken cancellationToken)
    {
        switch (volume)
        {
            case { HostPath: { } hostPath }:
                HostPaths.Check(hostPath.Path, hostPath.Type);
                return hostPath.Path;
            case { PersistentVolumeClaim: { } claim }:
                return await ClaimAsync(pod, claim.ClaimName, cancellationToken);
            case { Ephemeral: not null }:
                return await ClaimAsync(pod, $"{pod.Metadata.Name}-{volume.Name}", cancellationToken);
        }

        if (await content.ReadAsync(pod, volume, podAddresses, cancellationToken) is { } files)
        {
            var directory = paths.Volume(podUid, Kind(volume), volume.Name);
            var group = pod.Spec.SecurityContext?.FsGroup;
            AtomicWriter.Write(directory, files, time.GetUtcNow(),
                fresh =>
                {
                    if (group is { } id)
                    {
                        VolumeOwnership.Apply(fresh, id, readOnly: true);
                    }
                });
            return directory;
        }

        return volume.EmptyDir is { } emptyDir || IsUnset(volume)
            ? EmptyDir(pod, volume)
            : throw new VolumeException("the volume's kind is not supported on this node");
    }

    private string EmptyDir(Pod pod, Volume volume)
    {
        var directory = paths.Volume(podUid, "empty-dir", volume.Name);
        if (Directory.Exists(directory))
        {
            return directory;
        }

        Directory.CreateDirectory(directory);
        if (volume.EmptyDir?.Medium == "Memory")
        {
            var size = volume.EmptyDir.SizeLimit is { IsZero: false } limit ? $"size={limit.LongValue}," : "";
            mounts.Mount(MountRequest.Tmpfs(directory, size + "mode=0777"));
        }

        File.SetUnixFileMode(directory, OpenDirectory);
        if (pod.Spec.SecurityContext?.FsGroup is { } group)
        {
            VolumeOwnership.Apply(directory, group, readOnly: false);
        }

        return directory;
    }

    private async Task<string> ClaimAsync(Pod pod, string claimName, CancellationToken cancellationToken)
    {
        var path = await claims.PathAsync(pod.Metadata.Namespace, claimName, cancellationToken);
        Directory.CreateDirectory(path);
        if (pod.Spec.SecurityContext?.FsGroup is { } group)
        {
            VolumeOwnership.Apply(path, group, readOnly: false);
        }

        return path;
    }

    private static string Kind(Volume volume) => volume switch
    {
        { ConfigMap: not null } => "configmap",
        { Secret: not null } => "secret",
        { DownwardAPI: not null } => "downward-api",
        _ => "projected",
    };

    /// <summary>A volume with no source at all is an emptyDir.</summary>
    private static bool IsUnset(Volume volume) => volume == new Volume { Name = volume.Name };
}
