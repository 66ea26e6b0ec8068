using Coxswain.Engine.Containers;
using Coxswain.Engine.Images.Stores;

namespace Coxswain.Node.Runtime;

/// <summary>Puts a pod's container, its sandbox and its image together into what the engine runs.</summary>
internal static class EngineContainerSpecs
{
    public static ContainerSpec Build(
        SandboxConfig sandbox, PodNetworkAttachment? attachment, ContainerConfig config, Image image, IReadOnlyList<string> layers)
    {
        var defaults = image.Config;
        var args = Args(config, defaults.Entrypoint ?? [], defaults.Cmd ?? []);
        if (args.Count == 0)
        {
            throw new RuntimeException(RuntimeFailure.Start, "no command specified") { ExitCode = 128 };
        }

        if (!sandbox.HostNetwork && attachment is null)
        {
            throw new RuntimeException(RuntimeFailure.Failed, $"sandbox {sandbox.Id} has no network");
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
            Namespaces = new ContainerNamespaces
            {
                Network = sandbox.HostNetwork ? ContainerNamespaces.Host : attachment!.NetworkNamespace, // Checked above.
                Uts = sandbox.HostNetwork ? ContainerNamespaces.Host : attachment!.UtsNamespace,
                Ipc = sandbox.HostIpc ? ContainerNamespaces.Host : attachment?.IpcNamespace,
                Pid = sandbox.HostPid ? ContainerNamespaces.Host : null,
            },
            Mounts = [.. config.Mounts.Select(mount => new ContainerMount(mount.HostPath, mount.ContainerPath, mount.ReadOnly)
            {
                Propagation = mount.Propagation switch
                {
                    "HostToContainer" => MountPropagation.HostToContainer,
                    "Bidirectional" => MountPropagation.Bidirectional,
                    _ => MountPropagation.Private,
                },
            })],
            Limits = new ContainerLimits
            {
                MemoryBytes = config.Resources.MemoryBytes,
                CpuShares = config.Resources.CpuShares,
                CpuQuota = config.Resources.CpuQuota,
                CpuPeriod = config.Resources.CpuPeriod,
                Pids = config.Resources.Pids,
            },
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
            CapabilitiesAdd = security.CapabilitiesAdd,
            CapabilitiesDrop = security.CapabilitiesDrop,
            ShmPath = sandbox.HostIpc ? "/dev/shm" : attachment?.SharedMemory,
            OomScoreAdj = config.Resources.OomScoreAdj,
            Terminal = config.Terminal,
            Stdin = config.Stdin,
            StdinOnce = config.StdinOnce,
            StopSignal = First(config.StopSignal, defaults.StopSignal, "SIGTERM"),
            LogPath = config.LogPath,
        };
    }

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
