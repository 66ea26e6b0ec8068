using System.Globalization;
using System.Net;
using Coxswain.DockerApi.Wire;
using Coxswain.Engine.Containers;
using Coxswain.Engine.Images.Rendering;
using Coxswain.Engine.Local;

namespace Coxswain.DockerApi.Mapping;

/// <summary>Local containers in Docker's words.</summary>
internal sealed class ContainerView(Func<string, LocalNetwork?> networks, TimeProvider time)
{
    private const int ShortId = 12;
    private const string Never = "0001-01-01T00:00:00Z";

    public static string State(LocalContainer container) =>
        container.Restarting ? "restarting"
        : container.Status.Paused ? "paused"
        : container.Status.State switch
        {
            ContainerState.Running => "running",
            ContainerState.Exited => "exited",
            // A start that failed before the process ran.
            _ => "created",
        };

    public static string Time(DateTimeOffset? moment) =>
        moment?.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.fffffff'Z'", CultureInfo.InvariantCulture) ?? Never;

    public string Status(LocalContainer container)
    {
        var now = time.GetUtcNow();
        var status = container.Status;
        var code = status.Exit?.Code ?? 0;
        var since = status.Exit is { } exit ? HumanUnits.Duration(now - exit.FinishedAt) : "";
        if (container.Restarting)
        {
            return $"Restarting ({code}) {since} ago";
        }

        if (status.State == ContainerState.Running)
        {
            var up = $"Up {HumanUnits.Duration(now - (status.StartedAt ?? now))}";
            return status.Paused ? $"{up} (Paused)"
                : container.Health is { } health ? $"{up} ({(health.Status == HealthStatus.Starting ? "health: starting" : Health(health.Status))})"
                : up;
        }

        return status.State == ContainerState.Exited ? $"Exited ({code}) {since} ago" : "Created";
    }

    public ContainerSummary Summary(LocalContainer container, long? size, long? rootSize)
    {
        var document = ContainerMapping.Document(container);
        return new ContainerSummary
        {
            Id = container.Id,
            Names = ["/" + container.Spec.Name],
            Image = container.Spec.Image,
            ImageId = container.Spec.ImageId,
            Command = string.Join(' ', Words(document)),
            Created = container.Status.CreatedAt.ToUnixTimeSeconds(),
            Ports = Ports(container, document),
            SizeRw = size,
            SizeRootFs = rootSize,
            Labels = document.Config.Labels ?? [],
            State = State(container),
            Status = Status(container),
            HostConfig = new SummaryHostConfig(document.HostConfig.NetworkMode is { Length: > 0 } mode ? mode : "default"),
            NetworkSettings = new SummaryNetworks(Endpoints(container)),
            Mounts = Mounts(container),
        };
    }

    public ContainerDetails Details(LocalContainer container, IReadOnlyList<ExecStatus> execs, DriverData driver, long? size, long? rootSize)
    {
        var document = ContainerMapping.Document(container);
        var words = Words(document);
        var endpoints = Endpoints(container);
        var main = endpoints.GetValueOrDefault(LocalNetwork.Default);
        return new ContainerDetails
        {
            Id = container.Id,
            Created = Time(container.Status.CreatedAt),
            Path = words[0],
            Args = [.. words.Skip(1)],
            State = StateOf(container),
            Image = container.Spec.ImageId,
            ResolvConfPath = Path.Combine(container.Directory, "resolv.conf"),
            HostnamePath = Path.Combine(container.Directory, "hostname"),
            HostsPath = Path.Combine(container.Directory, "hosts"),
            LogPath = container.Status.Spec.LogPath ?? "",
            Name = "/" + container.Spec.Name,
            RestartCount = container.RestartCount,
            ExecIds = execs.Where(exec => exec.State == ExecState.Running).Select(exec => exec.Id).ToArray() is { Length: > 0 } running ? running : null,
            HostConfig = Usual(document.HostConfig),
            GraphDriver = driver,
            SizeRw = size,
            SizeRootFs = rootSize,
            Mounts = Mounts(container),
            Config = document.Config with { Hostname = container.Spec.Process.Hostname },
            NetworkSettings = new NetworkDetails
            {
                SandboxId = container.SandboxPath.Length > 0 ? container.Id : "",
                SandboxKey = container.SandboxPath,
                Ports = PortMap(container, document),
                EndpointId = main?.EndpointId ?? "",
                Gateway = main?.Gateway ?? "",
                Address = main?.Address ?? "",
                PrefixLength = main?.PrefixLength ?? 0,
                MacAddress = main?.MacAddress ?? "",
                Networks = endpoints,
            },
        };
    }

    private static HostSettings Usual(HostSettings host) => host with
    {
        NetworkMode = host.NetworkMode is { Length: > 0 } mode ? mode : "default",
        RestartPolicy = host.RestartPolicy is { Name.Length: > 0 } policy ? policy : new RestartSettings("no", 0),
        LogConfig = host.LogConfig is { Type.Length: > 0 } log ? log with { Config = log.Config ?? [] } : new LogSettings("json-file", []),
        PortBindings = host.PortBindings ?? [],
        IpcMode = host.IpcMode is { Length: > 0 } ipc ? ipc : "private",
        ShmSize = host.ShmSize > 0 ? host.ShmSize : 64 * 1024 * 1024,
    };

    private static IReadOnlyList<string> Words(CreatorDocument document) =>
        [.. document.Config.Entrypoint ?? [], .. document.Config.Cmd ?? []];

    private static string Health(HealthStatus status) => status.ToString().ToLowerInvariant();

    private static StateDetails StateOf(LocalContainer container)
    {
        var status = container.Status;
        var running = status.State == ContainerState.Running;
        return new StateDetails
        {
            Status = State(container),
            Running = running || container.Restarting,
            Paused = status.Paused,
            Restarting = container.Restarting,
            OomKilled = status.Exit?.OomKilled ?? false,
            Pid = running ? status.Pid : 0,
            ExitCode = running ? 0 : status.Exit?.Code ?? 0,
            Error = container.Error,
            StartedAt = Time(status.StartedAt),
            FinishedAt = Time((status.Exit ?? status.LastExit)?.FinishedAt),
            Health = container.Health is not { } health ? null : new HealthDetails(
                Health(health.Status), health.FailingStreak,
                [.. health.Log.Select(result => new HealthResult(Time(result.Start), Time(result.End), result.ExitCode, result.Output))]),
        };
    }

    private SortedDictionary<string, EndpointSettings> Endpoints(LocalContainer container)
    {
        var settings = new SortedDictionary<string, EndpointSettings>(StringComparer.Ordinal);
        foreach (var endpoint in container.Endpoints)
        {
            var network = networks(endpoint.NetworkId);
            var up = endpoint.Address.Length > 0 && network is not null;
            IReadOnlyList<string> aliases = endpoint.NetworkName == LocalNetwork.Default
                ? endpoint.Aliases
                : [.. endpoint.Aliases.Append(container.Id[..ShortId]).Distinct(StringComparer.Ordinal)];
            settings[endpoint.NetworkName] = new EndpointSettings
            {
                Addressing = endpoint.WantedAddress is { } wanted ? new EndpointAddressing { Ipv4Address = wanted } : null,
                Links = endpoint.Links.Count > 0 ? endpoint.Links : null,
                Aliases = aliases.Count > 0 ? aliases : null,
                DnsNames = endpoint.NetworkName == LocalNetwork.Default ? null : [container.Spec.Name, .. aliases],
                NetworkId = endpoint.NetworkId,
                EndpointId = endpoint.Id,
                Gateway = up ? network!.Gateway : "", // Not null when up.
                Address = endpoint.Address,
                PrefixLength = up ? IPNetwork.Parse(network!.Subnet).PrefixLength : 0, // As above.
                MacAddress = endpoint.MacAddress,
            };
        }

        if (container.Spec.NetworkMode is LocalNetworkMode.Host or LocalNetworkMode.None)
        {
            var name = container.Spec.NetworkMode == LocalNetworkMode.Host ? LocalNetwork.Host : LocalNetwork.None;
            settings[name] = new EndpointSettings { NetworkId = networks(name)?.Id ?? "" };
        }

        return settings;
    }

    private static IReadOnlyList<PortSummary> Ports(LocalContainer container, CreatorDocument document)
    {
        if (!container.IsRunning)
        {
            return [];
        }

        var published = container.Ports.Select(port => new PortSummary(
            port.HostAddress.Length > 0 ? port.HostAddress : "0.0.0.0", port.Port, port.HostPort, port.Protocol));
        var exposed = Exposed(document).Where(port => container.Ports.All(known => known.Port != port.Number || known.Protocol != port.Protocol))
            .Select(port => new PortSummary(null, port.Number, null, port.Protocol));
        return [.. published.Concat(exposed).OrderBy(port => port.PrivatePort)];
    }

    private static SortedDictionary<string, IReadOnlyList<PortBindingSettings>?> PortMap(LocalContainer container, CreatorDocument document)
    {
        var map = new SortedDictionary<string, IReadOnlyList<PortBindingSettings>?>(StringComparer.Ordinal);
        if (!container.IsRunning)
        {
            return map;
        }

        foreach (var (number, protocol) in Exposed(document))
        {
            map[$"{number}/{protocol}"] = null;
        }

        foreach (var port in container.Ports.GroupBy(port => $"{port.Port}/{port.Protocol}"))
        {
            map[port.Key] = [.. port.Select(binding => new PortBindingSettings(
                binding.HostAddress.Length > 0 ? binding.HostAddress : "0.0.0.0", binding.HostPort.ToString(CultureInfo.InvariantCulture)))];
        }

        return map;
    }

    private static IEnumerable<(ushort Number, string Protocol)> Exposed(CreatorDocument document)
    {
        foreach (var port in (document.Config.ExposedPorts ?? []).Keys)
        {
            var parts = port.Split('/', 2);
            if (ushort.TryParse(parts[0], NumberStyles.None, CultureInfo.InvariantCulture, out var number))
            {
                yield return (number, parts.Length == 2 ? parts[1] : "tcp");
            }
        }
    }

    private static IReadOnlyList<MountPoint> Mounts(LocalContainer container) =>
    [
        .. container.Volumes.Select(volume => new MountPoint
        {
            Type = "volume",
            Name = volume.Name,
            Source = volume.Source,
            Destination = volume.Target,
            Driver = "local",
            Mode = volume.ReadOnly ? "ro" : "z",
            Writable = !volume.ReadOnly,
            Propagation = "",
        }),
        .. container.Spec.Process.Mounts.Where(mount => mount.Target != "/sbin/docker-init").Select(mount => new MountPoint
        {
            Type = mount.Type,
            Source = mount.Type == "bind" ? mount.Source : "",
            Destination = mount.Target,
            Mode = mount.ReadOnly ? "ro" : "",
            Writable = !mount.ReadOnly,
            Propagation = mount.Type != "bind" ? "" : mount.Propagation switch
            {
                MountPropagation.Bidirectional => "rshared",
                MountPropagation.HostToContainer => "rslave",
                _ => "rprivate",
            },
        }),
    ];
}
