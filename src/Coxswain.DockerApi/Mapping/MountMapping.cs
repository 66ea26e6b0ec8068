using System.Globalization;
using Coxswain.DockerApi.Wire;
using Coxswain.Engine.Containers;
using Coxswain.Engine.Local;

namespace Coxswain.DockerApi.Mapping;

/// <summary>Everything that is mounted into a container: <c>-v</c>, <c>--mount</c>, <c>--tmpfs</c>, <c>--volumes-from</c>, the image's volumes.</summary>
internal static class MountMapping
{
    public sealed record Mapped(IReadOnlyList<ContainerMount> Mounts, IReadOnlyList<VolumeMount> Volumes);

    public static Mapped Of(ContainerSettings config, HostSettings host, Func<string, LocalContainer> others)
    {
        if (host.VolumeDriver is not (null or "" or "local"))
        {
            throw ContainerMapping.Invalid($"error looking up volume plugin {host.VolumeDriver}: plugin \"{host.VolumeDriver}\" not found");
        }

        var mounts = new Dictionary<string, ContainerMount>(StringComparer.Ordinal);
        var volumes = new Dictionary<string, VolumeMount>(StringComparer.Ordinal);
        foreach (var from in host.VolumesFrom ?? [])
        {
            Take(from, others, mounts, volumes);
        }

        foreach (var bind in host.Binds ?? [])
        {
            Bind(bind, mounts, volumes);
        }

        foreach (var mount in host.Mounts ?? [])
        {
            Mount(mount, mounts, volumes);
        }

        foreach (var (target, options) in host.Tmpfs ?? [])
        {
            mounts[Path(target)] = new ContainerMount(
                "tmpfs", Path(target), Type: "tmpfs",
                Options: [.. new[] { "nosuid", "nodev", "noexec" }.Where(option => !Contradicts(options, option)),
                    .. options.Split(',', StringSplitOptions.RemoveEmptyEntries).Where(option => option != "rw")]);
        }

        foreach (var target in (config.Volumes ?? []).Keys.Select(Path))
        {
            if (!mounts.ContainsKey(target) && !volumes.ContainsKey(target))
            {
                volumes[target] = new VolumeMount(null, target);
            }
        }

        return new Mapped([.. mounts.Values], [.. volumes.Values]);
    }

    private static bool Contradicts(string options, string option) =>
        options.Split(',').Contains(option["no".Length..]);

    private static void Take(
        string from, Func<string, LocalContainer> others, Dictionary<string, ContainerMount> mounts, Dictionary<string, VolumeMount> volumes)
    {
        var parts = from.Split(':', 2);
        var readOnly = parts.Length == 2 && parts[1] == "ro";
        var other = others(parts[0]);
        foreach (var volume in other.Volumes)
        {
            volumes[volume.Target] = new VolumeMount(volume.Name, volume.Target, readOnly || volume.ReadOnly, Copy: false);
        }

        foreach (var mount in other.Spec.Process.Mounts.Where(mount => mount.Type == "bind"))
        {
            mounts[mount.Target] = mount with { ReadOnly = readOnly || mount.ReadOnly };
        }
    }

    private static void Bind(string bind, Dictionary<string, ContainerMount> mounts, Dictionary<string, VolumeMount> volumes)
    {
        var parts = bind.Split(':');
        if (parts.Length is < 2 or > 3 || parts[0].Length == 0)
        {
            throw ContainerMapping.Invalid($"invalid volume specification: '{bind}'");
        }

        var target = Path(parts[1]);
        var options = parts.Length == 3 ? parts[2].Split(',') : [];
        var readOnly = options.Contains("ro");
        if (mounts.ContainsKey(target) && mounts[target].Type != "bind")
        {
            throw ContainerMapping.Invalid($"Duplicate mount point: {target}");
        }

        if (!parts[0].StartsWith('/'))
        {
            volumes[target] = new VolumeMount(parts[0], target, readOnly, !options.Contains("nocopy"));
            return;
        }

        // As Docker does for -v, though not for --mount.
        if (!File.Exists(parts[0]))
        {
            Directory.CreateDirectory(parts[0]);
        }

        volumes.Remove(target);
        mounts[target] = new ContainerMount(parts[0], target, readOnly) { Propagation = Propagation(options) };
    }

    private static void Mount(MountSettings mount, Dictionary<string, ContainerMount> mounts, Dictionary<string, VolumeMount> volumes)
    {
        var target = Path(mount.Target ?? "");
        switch (mount.Type)
        {
            case "bind":
                var source = mount.Source ?? "";
                if (!File.Exists(source) && !Directory.Exists(source))
                {
                    if (mount.BindOptions?.CreateMountpoint != true)
                    {
                        throw ContainerMapping.Invalid($"invalid mount config for type \"bind\": bind source path does not exist: {source}");
                    }

                    Directory.CreateDirectory(source);
                }

                mounts[target] = new ContainerMount(source, target, mount.ReadOnly)
                {
                    Propagation = Propagation([mount.BindOptions?.Propagation ?? ""]),
                };
                break;
            case "volume":
                volumes[target] = new VolumeMount(mount.Source, target, mount.ReadOnly, mount.VolumeOptions?.NoCopy != true);
                break;
            case "tmpfs":
                var options = new List<string> { "nosuid", "nodev", "noexec" };
                if (mount.TmpfsOptions is { SizeBytes: > 0 and var size })
                {
                    options.Add($"size={size}");
                }

                if (mount.TmpfsOptions is { Mode: > 0 and var mode })
                {
                    options.Add("mode=" + Convert.ToString(mode, 8));
                }

                mounts[target] = new ContainerMount("tmpfs", target, mount.ReadOnly, "tmpfs", options);
                break;
            default:
                throw new LocalException(LocalErrorKind.Unsupported, $"mounts of type {mount.Type} are not supported: bind, volume and tmpfs are");
        }
    }

    private static MountPropagation Propagation(IReadOnlyList<string> options) =>
        options.Any(option => option is "rshared" or "shared") ? MountPropagation.Bidirectional
        : options.Any(option => option is "rslave" or "slave") ? MountPropagation.HostToContainer
        : MountPropagation.Private;

    private static string Path(string target) =>
        target.StartsWith('/') && target.Length > 1
            ? System.IO.Path.TrimEndingDirectorySeparator(System.IO.Path.GetFullPath(target))
            : throw ContainerMapping.Invalid(
                string.Create(CultureInfo.InvariantCulture, $"invalid volume specification: '{target}': destination must be an absolute path other than /"));
}
