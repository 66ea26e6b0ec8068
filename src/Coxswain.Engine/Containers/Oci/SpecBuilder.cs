using Coxswain.Linux.Cgroups;

namespace Coxswain.Engine.Containers.Oci;

/// <summary>Turns a container's spec into what runc reads. Pure but for reading the root's user database and device nodes.</summary>
internal static class SpecBuilder
{
    private const string OciVersion = "1.0.2";
    private const string DefaultPath = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

    public static RuntimeSpec Build(ContainerSpec spec, string rootDirectory, string cgroupPath, CgroupLayout layout)
    {
        var devices = DeviceNodes.Of(spec);
        var namespaces = Namespaces(spec, layout);
        var newUts = namespaces.Any(item => item is { Type: "uts", Path: null });
        var process = Process(spec, rootDirectory);
        return new RuntimeSpec(
            OciVersion,
            process,
            new OciRoot(rootDirectory, spec.ReadonlyRootfs),
            newUts && spec.Hostname.Length > 0 ? spec.Hostname : null,
            Mounts(spec),
            new OciLinux(
                Resources(spec, devices.Select(device => device.Rule)),
                cgroupPath,
                namespaces,
                devices.Count == 0 ? null : [.. devices.Select(device => device.Node)],
                spec.Sysctls.Count == 0 ? null : spec.Sysctls,
                spec.Privileged || spec.UnmaskedProc ? null : DefaultMounts.MaskedPaths,
                spec.Privileged || spec.UnmaskedProc ? null : DefaultMounts.ReadonlyPaths,
                Propagation(spec),
                Seccomp.Of(spec, process.Capabilities?.Bounding ?? [])));
    }

    public static OciProcess Process(ContainerSpec spec, string rootDirectory)
    {
        if (spec.Args.Count == 0)
        {
            throw new EngineException("no command is given");
        }

        var user = UserLookup.Resolve(rootDirectory, spec.User, spec.AdditionalGroups, spec.ImageGroups);
        return new OciProcess(
            spec.Terminal,
            user,
            spec.Args,
            Environment(spec.Env, spec.Terminal),
            spec.WorkingDirectory.Length == 0 ? "/" : spec.WorkingDirectory,
            Capabilities.Of(spec, user.Uid),
            spec.Rlimits.Count == 0 ? null : [.. spec.Rlimits.Select(Limit)],
            spec.NoNewPrivileges,
            OomScore.Clamp(spec.OomScoreAdj));
    }

    /// <summary>The last of several values of a variable wins, and takes the place of the first.</summary>
    public static IReadOnlyList<string> Environment(IEnumerable<string> variables, bool terminal)
    {
        var values = new OrderedDictionary<string, string>(StringComparer.Ordinal) { ["PATH"] = DefaultPath };
        if (terminal)
        {
            values["TERM"] = "TERM=xterm";
        }

        foreach (var variable in variables)
        {
            var equals = variable.IndexOf('=');
            values[equals < 0 ? variable : variable[..equals]] = equals < 0 ? variable + "=" : variable;
        }

        return [.. values.Values];
    }

    private static OciRlimit Limit(Rlimit limit)
    {
        var type = limit.Type.ToUpperInvariant();
        return new OciRlimit(type.StartsWith("RLIMIT_", StringComparison.Ordinal) ? type : "RLIMIT_" + type, limit.Hard, limit.Soft);
    }

    private static List<OciNamespace> Namespaces(ContainerSpec spec, CgroupLayout layout)
    {
        var namespaces = new List<OciNamespace> { new("mount") };
        void Add(string type, string? path)
        {
            if (path != ContainerNamespaces.Host)
            {
                namespaces.Add(new OciNamespace(type, path));
            }
        }

        Add("network", spec.Namespaces.Network);
        Add("ipc", spec.Namespaces.Ipc);
        Add("uts", spec.Namespaces.Uts);
        Add("pid", spec.Namespaces.Pid);
        if (layout == CgroupLayout.V2 && !spec.Privileged)
        {
            // On v1 the mounts themselves show the container only its own groups; on v2 this namespace does.
            namespaces.Add(new OciNamespace("cgroup"));
        }

        return namespaces;
    }

    private static IReadOnlyList<OciMount> Mounts(ContainerSpec spec)
    {
        var own = spec.Mounts.Select(Mount).ToList();
        var targets = own.Select(mount => mount.Destination).ToHashSet(StringComparer.Ordinal);
        // Parents before children, whatever order they were given in: a child mounted first would be hidden.
        var ordered = own.Select((mount, index) => (mount, index))
            .OrderBy(item => item.mount.Destination.Count(character => character == '/')).ThenBy(item => item.index)
            .Select(item => item.mount);
        return [.. DefaultMounts.Of(spec).Where(mount => !targets.Contains(mount.Destination)), .. ordered];
    }

    private static OciMount Mount(ContainerMount mount)
    {
        var options = new List<string>(mount.Options ?? []);
        if (mount.Type == "bind")
        {
            options.Insert(0, "rbind");
            options.Add(mount.Propagation switch
            {
                MountPropagation.HostToContainer => "rslave",
                MountPropagation.Bidirectional => "rshared",
                _ => "rprivate",
            });
        }

        options.Add(mount.ReadOnly ? "ro" : "rw");
        var target = mount.Target.Length > 1 ? mount.Target.TrimEnd('/') : mount.Target;
        return new OciMount(target, mount.Type, mount.Source, options);
    }

    private static string? Propagation(ContainerSpec spec) =>
        spec.Mounts.Any(mount => mount.Propagation == MountPropagation.Bidirectional) ? "rshared"
        : spec.Mounts.Any(mount => mount.Propagation == MountPropagation.HostToContainer) ? "rslave"
        : null;

    private static OciResources Resources(ContainerSpec spec, IEnumerable<OciDeviceRule> devices)
    {
        var limits = spec.Limits;
        return new OciResources(
            spec.Privileged ? [new OciDeviceRule(true, "rwm")] : [new OciDeviceRule(false, "rwm"), .. devices],
            limits.MemoryBytes is null && limits.MemorySwapBytes is null
                ? null
                : new OciMemory(limits.MemoryBytes, limits.MemorySwapBytes ?? limits.MemoryBytes),
            limits is { CpuShares: null, CpuQuota: null, CpuPeriod: null, CpusetCpus: null }
                ? null
                : new OciCpu(limits.CpuShares, limits.CpuQuota, limits.CpuPeriod, limits.CpusetCpus),
            limits.Pids is { } pids ? new OciPids(pids) : null);
    }
}
