using System.Security.Cryptography;
using System.Text.RegularExpressions;
using Coxswain.Engine.Containers;
using Coxswain.Engine.Images.Stores;
using Coxswain.Engine.Local.Networks;
using Coxswain.Engine.Local.Volumes;

namespace Coxswain.Engine.Local.Lifecycle;

/// <summary>Makes what is kept of a local container: its volumes, the engine's container, its record.</summary>
internal sealed partial class LocalCreator(
    EngineOptions options, IContainers containers, ImageStore images, LocalNetworks networks, LocalVolumes volumes, LocalStore store)
{
    /// <summary>The control group above all local containers.</summary>
    private const string CgroupParent = "local";

    public static string NewId() => RandomNumberGenerator.GetHexString(64, lowercase: true);

    public static void CheckName(string name)
    {
        if (!NamePattern().IsMatch(name))
        {
            throw new LocalException(
                LocalErrorKind.Invalid, $"Invalid container name ({name}), only [a-zA-Z0-9][a-zA-Z0-9_.-] are allowed");
        }
    }

    /// <param name="sharing">The container whose network it shares; null unless it does.</param>
    public async Task<LocalContainerRecord> CreateAsync(
        string id, LocalContainerSpec spec, LocalContainerRecord? sharing, CancellationToken cancellationToken)
    {
        var endpoints = spec.Endpoints.Select(Endpoint).ToArray();
        using var lease = await images.LeaseAsync(await images.GetAsync(spec.ImageId, cancellationToken), cancellationToken);
        var mounted = spec.Volumes.Select(Mount).ToArray();
        spec = spec with
        {
            Process = spec.Process with { Hostname = spec.Process.Hostname.Length > 0 ? spec.Process.Hostname : id[..LocalSandbox.ShortIdLength] },
        };
        var record = new LocalContainerRecord(id, spec, WantsRun: false) { Endpoints = endpoints, Volumes = mounted };
        Directory.CreateDirectory(store.DirectoryOf(id));
        try
        {
            foreach (var file in NameFiles.All)
            {
                await File.WriteAllTextAsync(store.FileOf(id, file), "", cancellationToken);
            }

            var status = await containers.CreateAsync(Process(record, sharing, lease), cancellationToken);
            foreach (var (volume, wanted) in mounted.Zip(spec.Volumes).Where(pair => pair.Second.Copy))
            {
                volumes.CopyUp(volume.Name, status.RootDirectory, wanted.Target);
            }

            store.Save(record);
            return record;
        }
        catch
        {
            await containers.RemoveAsync(id, CancellationToken.None);
            RemoveAnonymous(record);
            store.Delete(id);
            throw;
        }
    }

    /// <summary>Volumes that were made for it and that nobody else has.</summary>
    public void RemoveAnonymous(LocalContainerRecord record)
    {
        foreach (var volume in record.Volumes.Where(volume => volume.Anonymous))
        {
            try
            {
                volumes.Remove(volume.Name, force: true);
            }
            catch (LocalException exception) when (exception.Kind == LocalErrorKind.Conflict)
            {
                // Another container has it by now.
            }
        }
    }

    public Endpoint Endpoint(EndpointSpec spec)
    {
        var network = networks.Get(spec.Network);
        return new Endpoint(network.Id, network.Name, "", "", "", "")
        {
            Aliases = spec.Aliases,
            Links = spec.Links,
            WantedAddress = spec.Address,
        };
    }

    public string SandboxPathOf(string id) => Path.Combine(options.RunDirectory, "local", id[..16], "net");

    private MountedVolume Mount(VolumeMount wanted)
    {
        var volume = volumes.Create(wanted.Volume);
        return new MountedVolume(volume.Name, volumes.DataOf(volume.Name), wanted.Target, wanted.ReadOnly, string.IsNullOrEmpty(wanted.Volume));
    }

    private ContainerSpec Process(LocalContainerRecord record, LocalContainerRecord? sharing, ImageLease lease)
    {
        var spec = record.Spec;
        var names = sharing?.Id ?? record.Id;
        var own = spec.Process.Mounts.Select(mount => mount.Target).ToHashSet(StringComparer.Ordinal);
        var mode = sharing?.Spec.NetworkMode ?? spec.NetworkMode;
        return spec.Process with
        {
            Id = record.Id,
            Name = spec.Name,
            Root = RootFilesystem.FromLayers(lease.LayerDirectories),
            Labels = new Dictionary<string, string>(spec.Process.Labels)
            {
                [LocalContainers.Label] = "true",
                [LocalContainers.ImageLabel] = spec.Image,
                [DiskImageUsage.ImageIdLabel] = lease.Image.Id.ToString(),
            },
            Namespaces = spec.Process.Namespaces with
            {
                Network = mode switch
                {
                    LocalNetworkMode.Host => ContainerNamespaces.Host,
                    LocalNetworkMode.Networks => SandboxPathOf(names),
                    _ => null,
                },
            },
            Mounts =
            [
                .. NameFiles.All.Where(file => !own.Contains($"/etc/{file}"))
                    .Select(file => new ContainerMount(store.FileOf(file == NameFiles.Hostname ? record.Id : names, file), $"/etc/{file}")),
                .. record.Volumes.Select(volume => new ContainerMount(volume.Source, volume.Target, volume.ReadOnly)),
                .. spec.Process.Mounts,
            ],
            LogPath = store.LogOf(record.Id),
            CgroupParent = CgroupParent,
        };
    }

    [GeneratedRegex("^[a-zA-Z0-9][a-zA-Z0-9_.-]{0,250}$")]
    private static partial Regex NamePattern();
}
