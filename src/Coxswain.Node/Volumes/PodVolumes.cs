using Coxswain.Api.Core.V1;
using Coxswain.Linux.Files;
using Coxswain.Linux.Mounts;
using Coxswain.Node.Files;
using Coxswain.Node.Objects;
using Coxswain.Node.PodFacts;

namespace Coxswain.Node.Volumes;

/// <summary>The volumes of one pod on the node. Setting up again brings changed content in and leaves the rest alone.</summary>
internal sealed class PodVolumes(
    string podUid, NodePaths paths, VolumeContent content, IClaimedVolumes claims, IImageVolumes images, IMounts mounts, TimeProvider time)
{
    private const uint OpenDirectory = 0b111_111_111;

    /// <summary>File systems in memory that are known to be mounted: what was looked up once need not be again.</summary>
    private readonly HashSet<string> _inMemory = new(StringComparer.Ordinal);

    /// <summary>Claimed volumes that were given to the pod's group.</summary>
    private readonly HashSet<string> _owned = new(StringComparer.Ordinal);

    /// <summary>Where images' files are, by volume: an image is brought once.</summary>
    private readonly Dictionary<string, string> _images = new(StringComparer.Ordinal);

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
            catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or VolumeException or PodObjectException
                or ContainerConfigException)
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
            case { Image: { } image }:
                return _images.TryGetValue(volume.Name, out var path) ? path
                    : _images[volume.Name] = await images.MountAsync(pod, volume.Name, image, cancellationToken);
        }

        if (await content.ReadAsync(pod, volume, podAddresses, cancellationToken) is { } files)
        {
            return WriteContent(pod, volume, files);
        }

        return volume.EmptyDir is not null || IsUnset(volume)
            ? EmptyDir(pod, volume)
            : throw new VolumeException("the volume's kind is not supported on this node");
    }

    private string WriteContent(Pod pod, Volume volume, IReadOnlyDictionary<string, VolumeFile> files)
    {
        var directory = paths.Volume(podUid, Kind(volume), volume.Name);
        if (volume.ConfigMap is null)
        {
            // Secrets, tokens and what stands beside them never reach the disk.
            MountInMemory(directory, "mode=0755");
        }

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

    private string EmptyDir(Pod pod, Volume volume)
    {
        if (volume.EmptyDir?.Medium is { Length: > 0 } medium && medium != StorageMedium.Memory)
        {
            throw new VolumeException($"emptyDir medium \"{medium}\" is not supported: this node has no huge pages");
        }

        var directory = paths.Volume(podUid, "empty-dir", volume.Name);
        if (volume.EmptyDir?.Medium == "Memory")
        {
            var size = volume.EmptyDir.SizeLimit is { IsZero: false } limit ? $"size={limit.LongValue}," : "";
            var owner = pod.Spec.SecurityContext?.FsGroup is { } gid ? $"mode=2777,gid={gid}" : "mode=0777";
            MountInMemory(directory, size + owner);
            return directory;
        }

        if (Directory.Exists(directory))
        {
            return directory;
        }

        // Under its name only when it is as it should be: a crash before that leaves nothing that looks finished.
        var aside = directory + ".new";
        TreeRemover.Remove(aside);
        Directory.CreateDirectory(aside);
        FileMetadata.ChangeMode(aside, OpenDirectory);
        VolumeOwnership.Apply(aside, pod.Spec.SecurityContext);
        FileNodes.Rename(aside, directory);
        return directory;
    }

    private async Task<string> ClaimAsync(Pod pod, string claimName, CancellationToken cancellationToken)
    {
        var path = await claims.PathAsync(pod.Metadata.Namespace, claimName, cancellationToken);
        Directory.CreateDirectory(path);
        if (!_owned.Contains(path))
        {
            VolumeOwnership.Apply(path, pod.Spec.SecurityContext);
            _owned.Add(path);
        }

        return path;
    }

    /// <summary>A directory of that name may be left of a crash, or of the time before a reboot: only the mount counts.</summary>
    private void MountInMemory(string directory, string options)
    {
        if (_inMemory.Contains(directory))
        {
            return;
        }

        Directory.CreateDirectory(directory);
        var mountPoint = FileNodes.RealPath(directory);
        if (!mounts.List().Any(mount => mount.MountPoint == mountPoint))
        {
            TreeRemover.RemoveContents(directory);
            mounts.Mount(MountRequest.Tmpfs(directory, options));
        }

        _inMemory.Add(directory);
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
