using System.Text.Json;
using Coxswain.DockerApi.Wire;
using Coxswain.Engine.Containers;
using Coxswain.Engine.Images.Documents;
using Coxswain.Engine.Images.Stores;
using Coxswain.Engine.Local;

namespace Coxswain.DockerApi.Mapping;

/// <summary>From a request to make a container to what the engine makes: the image's settings where the request has none.</summary>
internal static class ContainerMapping
{
    /// <param name="others">Finds another local container, for what is shared with it.</param>
    public static LocalContainerSpec ToSpec(string name, CreateRequest request, Image image, Func<string, LocalContainer> others)
    {
        var host = request.HostConfig ?? new HostSettings();
        var config = Merge(request, image.Config);
        var (args, init) = Command(config, host);
        var mode = NetworkMapping.Mode(host, config);
        var mounts = MountMapping.Of(config, host, others);
        var restart = RestartOf(host.RestartPolicy);
        if (host.AutoRemove && restart.Kind != RestartKind.No)
        {
            throw Invalid("can't create 'AutoRemove' container with restart policy");
        }

        return new LocalContainerSpec
        {
            Name = name,
            Image = request.Image ?? "",
            ImageId = image.Id.ToString(),
            Process = ProcessMapping.Of(config, host, args, mode) with
            {
                Root = RootFilesystem.FromLayers([]),
                Mounts = [.. init, .. mounts.Mounts],
            },
            Volumes = mounts.Volumes,
            NetworkMode = mode,
            NetworkOf = mode == LocalNetworkMode.Container ? host.NetworkMode!["container:".Length..] : null, // It begins so.
            Endpoints = mode == LocalNetworkMode.Networks ? NetworkMapping.Endpoints(host, request.NetworkingConfig) : [],
            Publish = mode == LocalNetworkMode.Networks ? NetworkMapping.Publish(config, host) : [],
            Restart = restart,
            Health = HealthOf(config),
            AutoRemove = host.AutoRemove,
            StopTimeout = TimeSpan.FromSeconds(config.StopTimeout ?? 10),
            ExtraHosts = host.ExtraHosts ?? [],
            Dns = host.Dns ?? [],
            DnsSearch = host.DnsSearch ?? [],
            DnsOptions = host.DnsOptions ?? [],
            CreatorDocument = Document(config, host),
        };
    }

    public static string Document(ContainerSettings config, HostSettings host) =>
        JsonSerializer.Serialize(new CreatorDocument(config, host), WireJson.Default.CreatorDocument);

    public static CreatorDocument Document(LocalContainer container) =>
        (container.Spec.CreatorDocument.Length == 0
            ? null
            : JsonSerializer.Deserialize(container.Spec.CreatorDocument, WireJson.Default.CreatorDocument))
        ?? new CreatorDocument(new ContainerSettings(), new HostSettings());

    public static RestartPolicy RestartOf(RestartSettings? settings) => settings?.Name switch
    {
        null or "" or "no" => new RestartPolicy(),
        "always" => new RestartPolicy(RestartKind.Always),
        "unless-stopped" => new RestartPolicy(RestartKind.UnlessStopped),
        "on-failure" => new RestartPolicy(RestartKind.OnFailure, settings.MaximumRetryCount),
        var other => throw Invalid($"invalid restart policy: unknown policy '{other}'; use one of 'no', 'always', 'on-failure', or 'unless-stopped'"),
    };

    /// <summary>What is asked for and has no effect here.</summary>
    public static IReadOnlyList<string> Warnings(HostSettings? host)
    {
        string[] silent =
        [
            "BlkioWeight", "CpuRealtimePeriod", "CpuRealtimeRuntime", "KernelMemory", "MemorySwappiness", "OomKillDisable",
            "StorageOpt", "UsernsMode", "VolumeDriver", "DeviceRequests", "DeviceCgroupRules",
        ];
        var found = (host?.Other ?? []).Where(pair => silent.Contains(pair.Key, StringComparer.OrdinalIgnoreCase) && HasValue(pair.Value))
            .Select(pair => $"{pair.Key} is not supported and has no effect").ToList();
        if (host is { MemoryReservation: > 0 })
        {
            found.Add("MemoryReservation is not supported and has no effect");
        }

        return found;
    }

    public static LocalException Invalid(string message) => new(LocalErrorKind.Invalid, message);

    private static bool HasValue(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.Null or JsonValueKind.False => false,
        JsonValueKind.Number => value.TryGetInt64(out var number) && number is not (0 or -1),
        JsonValueKind.String => value.GetString() is { Length: > 0 },
        JsonValueKind.Array => value.GetArrayLength() > 0,
        JsonValueKind.Object => value.EnumerateObject().Any(),
        _ => true,
    };

    private static ContainerSettings Merge(CreateRequest request, ContainerConfig image)
    {
        var entrypoint = request.Entrypoint;
        var command = request.Cmd;
        if (entrypoint is not { Count: > 0 })
        {
            command = command is { Count: > 0 } ? command : image.Cmd;
            entrypoint ??= image.Entrypoint;
        }

        // Without what only the request has.
        return new ContainerSettings
        {
            Hostname = request.Hostname,
            Domainname = request.Domainname ?? "",
            User = request.User is { Length: > 0 } user ? user : image.User ?? "",
            AttachStdin = request.AttachStdin,
            AttachStdout = request.AttachStdout,
            AttachStderr = request.AttachStderr,
            ExposedPorts = Union(image.ExposedPorts, request.ExposedPorts),
            Tty = request.Tty,
            OpenStdin = request.OpenStdin,
            StdinOnce = request.StdinOnce,
            Env = Environment(image.Env ?? [], request.Env ?? []),
            Cmd = command,
            Healthcheck = Health(request.Healthcheck, image.Healthcheck),
            Image = request.Image,
            Volumes = Union(image.Volumes, request.Volumes),
            WorkingDir = request.WorkingDir is { Length: > 0 } directory ? directory : image.WorkingDir ?? "",
            Entrypoint = entrypoint is [""] ? [] : entrypoint,
            OnBuild = image.OnBuild,
            Labels = Union(image.Labels, request.Labels) ?? [],
            StopSignal = request.StopSignal is { Length: > 0 } signal ? signal : image.StopSignal,
            StopTimeout = request.StopTimeout,
            Shell = request.Shell ?? image.Shell,
        };
    }

    private static SortedDictionary<string, T>? Union<T>(SortedDictionary<string, T>? image, SortedDictionary<string, T>? request)
    {
        if (image is null && request is null)
        {
            return null;
        }

        var union = new SortedDictionary<string, T>(image ?? [], StringComparer.Ordinal);
        foreach (var (key, value) in request ?? [])
        {
            union[key] = value;
        }

        return union;
    }

    /// <summary>A name without a value takes the variable away.</summary>
    private static List<string> Environment(IReadOnlyList<string> image, IReadOnlyList<string> request)
    {
        var names = request.Select(variable => variable.Split('=', 2)[0]).ToHashSet(StringComparer.Ordinal);
        return [.. request.Where(variable => variable.Contains('=', StringComparison.Ordinal)),
            .. image.Where(variable => !names.Contains(variable.Split('=', 2)[0]))];
    }

    private static (IReadOnlyList<string> Args, IReadOnlyList<ContainerMount> Init) Command(ContainerSettings config, HostSettings host)
    {
        const string Target = "/sbin/docker-init";
        IReadOnlyList<string> words = [.. config.Entrypoint ?? [], .. config.Cmd ?? []];
        if (words.Count == 0)
        {
            throw Invalid("no command specified");
        }

        if (host.Init != true)
        {
            return (words, []);
        }

        var program = new[] { "docker-init", "tini-static", "tini", "catatonit" }
            .SelectMany(name => new[] { "/usr/libexec/docker", "/usr/bin", "/usr/local/bin", "/usr/sbin", "/sbin" }.Select(directory => $"{directory}/{name}"))
            .FirstOrDefault(File.Exists)
            ?? throw new LocalException(
                LocalErrorKind.Unsupported, "--init needs an init program on this machine: install the package tini or catatonit");
        return ([Target, "--", .. words], [new ContainerMount(program, Target, ReadOnly: true)]);
    }

    private static HealthCheck? Health(HealthCheck? request, HealthCheck? image) =>
        request is null ? image
        : image is null || request.Test is ["NONE", ..] ? request
        : request with
        {
            Test = request.Test is { Count: > 0 } ? request.Test : image.Test,
            Interval = request.Interval is > 0 ? request.Interval : image.Interval,
            Timeout = request.Timeout is > 0 ? request.Timeout : image.Timeout,
            StartPeriod = request.StartPeriod is > 0 ? request.StartPeriod : image.StartPeriod,
            StartInterval = request.StartInterval is > 0 ? request.StartInterval : image.StartInterval,
            Retries = request.Retries is > 0 ? request.Retries : image.Retries,
        };

    private static HealthCheckSpec? HealthOf(ContainerSettings config)
    {
        var check = config.Healthcheck;
        IReadOnlyList<string>? command = check?.Test switch
        {
            ["CMD", _, ..] => [.. check.Test.Skip(1)],
            ["CMD-SHELL", var line] => [.. config.Shell is { Count: > 0 } shell ? shell : ["/bin/sh", "-c"], line],
            _ => null,
        };
        if (command is null || check is null)
        {
            return null;
        }

        var usual = new HealthCheckSpec(command);
        return usual with
        {
            Interval = Time(check.Interval, usual.Interval),
            Timeout = Time(check.Timeout, usual.Timeout),
            StartPeriod = Time(check.StartPeriod, usual.StartPeriod),
            StartInterval = Time(check.StartInterval, usual.StartInterval),
            Retries = check.Retries is > 0 and var retries ? retries : usual.Retries,
        };
    }

    private static TimeSpan Time(long? nanoseconds, TimeSpan usual) =>
        nanoseconds is > 0 ? TimeSpan.FromTicks(nanoseconds.Value / TimeSpan.NanosecondsPerTick) : usual;
}
