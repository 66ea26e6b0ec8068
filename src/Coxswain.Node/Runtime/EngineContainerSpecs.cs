using Coxswain.Engine.Containers;
using Coxswain.Engine.Images.Stores;

namespace Coxswain.Node.Runtime;

/// <summary>Puts a pod's container, its sandbox and its image together into what the engine runs.</summary>
internal static class EngineContainerSpecs
{
    public static ContainerSpec Build(
        SandboxConfig sandbox, SandboxSpaces spaces, ContainerConfig config, Image image, IReadOnlyList<string> layers)
    {
        var defaults = image.Config;
        var args = Args(config, defaults.Entrypoint ?? [], defaults.Cmd ?? []);
        if (args.Count == 0)
        {
            throw new RuntimeException(RuntimeFailure.Start, "no command specified") { ExitCode = 128 };
        }

        var env = new List<string>(defaults.Env ?? []) { $"HOSTNAME={sandbox.Hostname}" };
        env.AddRange(config.Env.Select(variable => $"{variable.Key}={variable.Value}"));
        var security = config.Security;
        return new ContainerSpec
        {
            Name = $"{config.Name}.{sandbox.Name}.{sandbox.Namespace}",
            Root = RootFilesystem.FromLayers(layers),
            Args = args,
            Env = env,
            WorkingDirectory = First(config.WorkingDirectory, defaults.WorkingDir, "/"),
            User = User(security, defaults.User ?? ""),
            AdditionalGroups = security.SupplementalGroups,
            ImageGroups = security.OnlyNamedGroups ? ImageGroups.Never : ImageGroups.Always,
            Namespaces = spaces.Namespaces,
            Mounts = [.. config.Mounts.Select(mount => new ContainerMount(mount.HostPath, mount.ContainerPath, mount.ReadOnly)
            {
                Options = mount.RecursiveReadOnly ? ["rro"] : null,
                Propagation = mount.Propagation switch
                {
                    "HostToContainer" => MountPropagation.HostToContainer,
                    "Bidirectional" => MountPropagation.Bidirectional,
                    _ => MountPropagation.Private,
                },
            })],
            Limits = Limits(config.Resources),
            CgroupParent = sandbox.CgroupParent,
            Seccomp = security.Seccomp switch
            {
                { Type: SecurityProfileType.RuntimeDefault } => SeccompProfile.Default,
                { Type: SecurityProfileType.Localhost } profile => SeccompProfile.Localhost(profile.LocalhostRef),
                _ => SeccompProfile.Unconfined,
            },
            Privileged = security.Privileged,
            ReadonlyRootfs = security.ReadOnlyRootFilesystem,
            NoNewPrivileges = security.NoNewPrivileges,
            UnmaskedProc = security.UnmaskedProc,
            CapabilitiesAdd = security.CapabilitiesAdd,
            CapabilitiesDrop = security.CapabilitiesDrop,
            ShmPath = spaces.SharedMemory,
            OomScoreAdj = config.OomScoreAdj,
            Terminal = config.Terminal,
            Stdin = config.Stdin,
            StdinOnce = config.StdinOnce,
            StopSignal = First(config.StopSignal, defaults.StopSignal, "SIGTERM"),
            LogPath = config.LogPath,
        };
    }

    public static ContainerLimits Limits(ContainerResources resources) => new()
    {
        MemoryBytes = resources.MemoryBytes,
        CpuShares = resources.CpuShares,
        CpuQuota = resources.CpuQuota,
        CpuPeriod = resources.CpuPeriod,
        Pids = resources.Pids,
    };

    public static ContainerResources Resources(ContainerLimits limits) => new()
    {
        MemoryBytes = limits.MemoryBytes,
        CpuShares = limits.CpuShares,
        CpuQuota = limits.CpuQuota,
        CpuPeriod = limits.CpuPeriod,
        Pids = limits.Pids,
    };

    /// <summary>A pod's command replaces the image's ENTRYPOINT and CMD; its args replace the CMD.</summary>
    internal static IReadOnlyList<string> Args(ContainerConfig config, IReadOnlyList<string> entrypoint, IReadOnlyList<string> cmd)
    {
        if (config.Command.Count > 0)
        {
            return [.. config.Command, .. config.Args];
        }

        return [.. entrypoint, .. config.Args.Count > 0 ? config.Args : cmd];
    }

    private static string User(ContainerSecurity security, string image)
    {
        if (security.RunAsUser is null && security.RunAsGroup is null)
        {
            return image;
        }

        var user = security.RunAsUser?.ToString() ?? First(image.Split(':')[0], "0");
        return security.RunAsGroup is { } group ? $"{user}:{group}" : user;
    }

    private static string First(params ReadOnlySpan<string?> texts)
    {
        foreach (var text in texts)
        {
            if (!string.IsNullOrEmpty(text))
            {
                return text;
            }
        }

        return "";
    }
}
