using Coxswain.Engine.Images.Archives;
using Coxswain.Engine.Images.Documents;
using Coxswain.Engine.Images.Layers;
using Coxswain.Engine.Images.Stores;
using Coxswain.Engine.Snapshots;
using Coxswain.Linux;
using Coxswain.Linux.Files;

namespace Coxswain.Engine.Local.Lifecycle;

/// <summary>The files of local containers: copied in and out, compared with the image, exported, made an image of.</summary>
public sealed class LocalFiles(ISnapshots snapshots, ImageStore images, LocalContainers containers)
{
    private static readonly string[] OursInRoot = ["etc/hosts", "etc/hostname", "etc/resolv.conf", "dev", "proc", "sys", ".dockerenv"];

    /// <summary>What is at a path; null for nothing.</summary>
    public async Task<(string Name, FileStatus Status)?> StatAsync(string nameOrId, string path, CancellationToken cancellationToken)
    {
        using var file = await OpenAsync(containers.Inspect(nameOrId), path, cancellationToken);
        return file is null ? null : (NameOf(path), file.Status);
    }

    /// <summary>Writes what is at a path as an archive, under its own name.</summary>
    public async Task ReadArchiveAsync(string nameOrId, string path, Stream target, CancellationToken cancellationToken)
    {
        using var file = await OpenAsync(containers.Inspect(nameOrId), path, cancellationToken)
            ?? throw Missing(nameOrId, path);
        await Task.Run(() => LayerTarWriter.WriteTree(file, NameOf(path), target, cancellationToken), cancellationToken);
    }

    /// <summary>Unpacks an archive into a directory.</summary>
    public async Task WriteArchiveAsync(string nameOrId, string path, Stream archive, CancellationToken cancellationToken)
    {
        var container = containers.Inspect(nameOrId);
        if (container.Spec.Process.ReadonlyRootfs)
        {
            throw new LocalException(LocalErrorKind.Forbidden, "container rootfs is marked read-only");
        }

        using var directory = await OpenAsync(container, path, cancellationToken) ?? throw Missing(nameOrId, path);
        if (!directory.Status.IsDirectory)
        {
            throw new LocalException(LocalErrorKind.Invalid, $"extraction point is not a directory: {path}");
        }

        await Task.Run(
            () =>
            {
                using var plain = Compression.OpenRead(archive);
                LayerExtractor.ExtractInto(plain, new LayerWriter(directory.ShortPath, []), "", cancellationToken);
            },
            cancellationToken);
    }

    /// <summary>What it has changed of its image, in order.</summary>
    public async Task<IReadOnlyList<LocalChange>> DiffAsync(string nameOrId, CancellationToken cancellationToken)
    {
        var container = containers.Inspect(nameOrId);
        var snapshot = Snapshot(container);
        var below = new MergedTree(snapshot.LayerDirectories);
        var isOurs = IsOurs(container);
        var changes = new List<LocalChange>();
        await Task.Run(
            () => TreeWalker.Walk(
                snapshot.UpperDirectory,
                entry =>
                {
                    if (entry.Depth == 0 || isOurs(entry.RelativePath))
                    {
                        return;
                    }

                    var existed = below.Find(entry.RelativePath, followLast: false) is not null;
                    changes.Add(new LocalChange(
                        "/" + entry.RelativePath,
                        entry.Status.IsWhiteout ? LocalChangeKind.Deleted : existed ? LocalChangeKind.Modified : LocalChangeKind.Added));
                },
                MountsBelow.Skip, cancellationToken),
            cancellationToken);
        return [.. changes.OrderBy(change => change.Path, StringComparer.Ordinal)];
    }

    /// <summary>The bytes of what it has written on top of its image.</summary>
    public long SizeOf(LocalContainer container)
    {
        long bytes = 0;
        if (snapshots.Find(container.Id) is { } snapshot)
        {
            TreeWalker.Walk(snapshot.UpperDirectory, entry => bytes += entry.Status.IsRegular ? entry.Status.Size : 0, MountsBelow.Skip);
        }

        return bytes;
    }

    /// <summary>The whole root as an archive, without what is mounted into it.</summary>
    public async Task ExportAsync(string nameOrId, Stream target, CancellationToken cancellationToken)
    {
        var container = containers.Inspect(nameOrId);
        var root = await RootAsync(container, cancellationToken);
        await Task.Run(
            () =>
            {
                var buffered = new BufferedStream(target, 256 * 1024);
                LayerTarWriter.Write(root, buffered, cancellationToken);
                buffered.Flush();
            },
            cancellationToken);
    }

    /// <summary>Makes an image of it.</summary>
    public async Task<Image> CommitAsync(
        string nameOrId, ContainerConfig config, string author, string comment, string? tag, CancellationToken cancellationToken)
    {
        var container = containers.Inspect(nameOrId);
        var parent = await images.GetAsync(container.Spec.ImageId, cancellationToken);
        return await new ContainerCommitter(images).CommitAsync(
            parent, Snapshot(container).UpperDirectory, IsOurs(container), config, author, comment, tag, cancellationToken);
    }

    private static string NameOf(string path) => path.TrimEnd('/').Split('/')[^1] is { Length: > 0 } and not ("." or "..") and var name ? name : "/";

    private static LocalException Missing(string container, string path) =>
        new(LocalErrorKind.NotFound, $"Could not find the file {path} in container {container}");

    /// <summary>What only stands where something of ours is mounted.</summary>
    private static Func<string, bool> IsOurs(LocalContainer container)
    {
        var targets = container.Volumes.Select(volume => volume.Target).Concat(container.Spec.Process.Mounts.Select(mount => mount.Target))
            .Select(target => target.Trim('/')).Concat(OursInRoot).ToHashSet(StringComparer.Ordinal);
        return path => targets.Contains(path.TrimEnd('/'));
    }

    private Snapshot Snapshot(LocalContainer container) =>
        snapshots.Find(container.Id) ?? throw new LocalException(LocalErrorKind.Failed, $"the files of container {container.Id} are not there");

    private async Task<string> RootAsync(LocalContainer container, CancellationToken cancellationToken) =>
        (await snapshots.EnsureMountedAsync(container.Id, Snapshot(container).LayerDirectories, cancellationToken)).RootDirectory;

    /// <summary>As the container sees it: while it runs with all that is mounted, otherwise with its volumes and binds in their places.</summary>
    private async Task<PinnedPath?> OpenAsync(LocalContainer container, string path, CancellationToken cancellationToken)
    {
        var (root, inside) = container.IsRunning
            ? ($"/proc/{container.Status.Pid}/root/.", path)
            : Translate(container, path) ?? (await RootAsync(container, cancellationToken), path);
        try
        {
            using var top = PinnedPath.Open(root);
            return top.OpenInRoot(inside);
        }
        catch (LinuxException exception)
        {
            throw new LocalException(LocalErrorKind.Failed, exception.Message, exception);
        }
    }

    private static (string Root, string Inside)? Translate(LocalContainer container, string path)
    {
        var full = "/" + path.Trim('/');
        return container.Volumes.Select(volume => (volume.Target, volume.Source))
            .Concat(container.Spec.Process.Mounts.Where(mount => mount.Type == "bind").Select(mount => (mount.Target, mount.Source)))
            .Where(mount => full == mount.Target || full.StartsWith(mount.Target.TrimEnd('/') + "/", StringComparison.Ordinal))
            .OrderByDescending(mount => mount.Target.Length)
            .Select(mount => ((string, string)?)(mount.Source, full[mount.Target.TrimEnd('/').Length..].TrimStart('/')))
            .FirstOrDefault();
    }
}

public enum LocalChangeKind
{
    Modified,
    Added,
    Deleted,
}

public sealed record LocalChange(string Path, LocalChangeKind Kind);
