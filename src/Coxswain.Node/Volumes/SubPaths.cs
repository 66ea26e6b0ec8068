using Coxswain.Linux.Files;
using Coxswain.Linux.Mounts;
using Coxswain.Node.Files;

namespace Coxswain.Node.Volumes;

/// <summary>
/// Mounts a subPath of a volume where no container can reach. What is found below the volume is held open and mounted by that handle: a
/// container that swaps a directory for a link meanwhile changes nothing.
/// </summary>
internal sealed class SubPaths(NodePaths paths, IMounts mounts)
{
    private const uint PermissionBits = 0b111_111_111;
    private const uint SetGroup = 0b10_000_000_000;

    /// <summary>The path to mount into the container, for its mount of that index. Done again it shows what is there now.</summary>
    /// <exception cref="IOException">It leads out of the volume, or cannot be had.</exception>
    /// <exception cref="VolumeException">It is not a subPath at all.</exception>
    public string Mount(string podUid, string container, int index, string volumePath, string subPath)
    {
        if (Path.IsPathRooted(subPath) || subPath.Split('/').Contains(".."))
        {
            throw new VolumeException($"subPath \"{subPath}\" must be relative and stay inside the volume");
        }

        using var volume = PinnedPath.Open(FileNodes.RealPath(volumePath));
        using var source = Find(volume, subPath);
        var target = paths.SubPath(podUid, container, index);
        Prepare(target, source.Status.IsDirectory);
        mounts.Mount(MountRequest.Bind(source.ShortPath, target, recursive: false));
        return target;
    }

    /// <summary>Makes missing directories with the volume's own permissions, as the kubelet does.</summary>
    private static PinnedPath Find(PinnedPath volume, string subPath)
    {
        if (volume.OpenBeneath(subPath) is { } there)
        {
            return there;
        }

        var current = volume;
        var done = "";
        foreach (var part in subPath.Split('/', StringSplitOptions.RemoveEmptyEntries))
        {
            done = done.Length == 0 ? part : $"{done}/{part}";
            var next = volume.OpenBeneath(done) ?? Make(volume, current, part, done);
            if (!ReferenceEquals(current, volume))
            {
                current.Dispose();
            }

            current = next;
        }

        return ReferenceEquals(current, volume) ? PinnedPath.Open(volume.ShortPath) : current;
    }

    private static PinnedPath Make(PinnedPath volume, PinnedPath parent, string name, string path)
    {
        parent.MakeDirectory(name, volume.Status.Permissions & PermissionBits);
        var made = volume.OpenBeneath(path) ?? throw new VolumeException($"subPath \"{path}\" went while it was made");

        // Exactly these, whatever our umask is. A group that the parent hands down goes on being handed down.
        made.ChangeMode((volume.Status.Permissions & PermissionBits) | (made.Status.Permissions & SetGroup));
        return made;
    }

    /// <summary>
    /// Makes the place of the mount, which an earlier attempt may have left, as a directory or as a file. What it holds is never
    /// removed: it is empty, or a mount that did not go.
    /// </summary>
    private void Prepare(string target, bool isDirectory)
    {
        mounts.Unmount(target);
        if (Directory.Exists(target) != isDirectory)
        {
            Remove(target);
        }

        if (isDirectory)
        {
            Directory.CreateDirectory(target);
            return;
        }

        Directory.CreateDirectory(Path.GetDirectoryName(target)!); // A path of ours: it has a parent.
        using (File.Open(target, FileMode.OpenOrCreate))
        {
        }
    }

    private static void Remove(string target)
    {
        if (Directory.Exists(target))
        {
            Directory.Delete(target);
        }
        else
        {
            FileNodes.Remove(target);
        }
    }
}
