using Coxswain.Api.Core.V1;
using Coxswain.Node.Files;
using Coxswain.Node.PodFacts;
using Coxswain.Node.Runtime;
using Coxswain.Node.Volumes;

namespace Coxswain.Node.Containers;

/// <summary>What a container needs that is known only when it starts.</summary>
/// <param name="Env">All of it.</param>
/// <param name="VolumePaths">By volume name.</param>
internal sealed record ContainerInputs(
    int Attempt, ImageInfo Image, IReadOnlyList<KeyValuePair<string, string>> Env, IReadOnlyDictionary<string, string> VolumePaths);

/// <summary>Turns a pod's container into the runtime's words.</summary>
internal sealed class ContainerConfigBuilder(NodePaths paths, SubPaths subPaths, long nodeMemoryBytes)
{
    private const long QuotaPeriodMicroseconds = 100_000;
    private const string DefaultTerminationLog = "/dev/termination-log";

    /// <exception cref="ContainerConfigException">The pod asks for something that may not be.</exception>
    public ContainerConfig Build(Pod pod, Container container, ContainerInputs inputs) => new()
    {
        Name = container.Name,
        Attempt = inputs.Attempt,
        Image = container.Image,
        Command = VariableExpansion.Expand(container.Command, inputs.Env),
        Args = VariableExpansion.Expand(container.Args, inputs.Env),
        WorkingDirectory = container.WorkingDir,
        Env = inputs.Env,
        Mounts = Mounts(pod, container, inputs),
        Labels = ContainerLabels.Of(pod, container),
        LogPath = paths.ContainerLog(pod.Metadata.Namespace, pod.Metadata.Name, pod.Metadata.Uid, container.Name, inputs.Attempt),
        Terminal = container.Tty,
        Stdin = container.Stdin,
        StdinOnce = container.StdinOnce,
        StopSignal = container.Lifecycle?.StopSignal ?? "",
        Security = Security(pod, container, inputs.Image),
        Resources = Resources(pod, container),
    };

    private List<MountConfig> Mounts(Pod pod, Container container, ContainerInputs inputs)
    {
        var uid = pod.Metadata.Uid;
        var mounts = new List<MountConfig>();
        foreach (var (index, mount) in container.VolumeMounts.Index())
        {
            if (!inputs.VolumePaths.TryGetValue(mount.Name, out var path))
            {
                throw new ContainerConfigException($"volume \"{mount.Name}\" is not mounted");
            }

            var subPath = mount.SubPathExpr.Length > 0
                ? VariableExpansion.Expand([mount.SubPathExpr], inputs.Env)[0]
                : mount.SubPath;
            try
            {
                path = subPath.Length > 0 ? subPaths.Mount(uid, container.Name, index, path, subPath) : path;
            }
            catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or VolumeException)
            {
                throw new ContainerConfigException(
                    $"failed to prepare subPath for volumeMount \"{mount.Name}\" of container \"{container.Name}\": {exception.Message}", exception);
            }

            // What we write ourselves changes by a swap of links that a container must not undo.
            var source = pod.Spec.Volumes.FirstOrDefault(volume => volume.Name == mount.Name);
            var isOurs = source is { ConfigMap: not null } or { Secret: not null } or { DownwardAPI: not null } or { Projected: not null };
            mounts.Add(new MountConfig(path, mount.MountPath, mount.ReadOnly || isOurs, mount.MountPropagation ?? ""));
        }

        foreach (var (name, target) in (ReadOnlySpan<(string, string)>)[("hosts", "/etc/hosts"), ("hostname", "/etc/hostname"), ("resolv.conf", "/etc/resolv.conf")])
        {
            if (!mounts.Exists(mount => mount.ContainerPath == target))
            {
                mounts.Add(new MountConfig(paths.EtcFile(uid, name), target, Security(container).ReadOnlyRootFilesystem == true));
            }
        }

        var termination = container.TerminationMessagePath.Length > 0 ? container.TerminationMessagePath : DefaultTerminationLog;
        mounts.Add(new MountConfig(paths.TerminationLog(uid, container.Name, inputs.Attempt), termination));
        return mounts;
    }

    private ContainerSecurity Security(Pod pod, Container container, ImageInfo image)
    {
        var own = Security(container);
        var shared = pod.Spec.SecurityContext ?? PodSecurityContext.Empty;
        var user = own.RunAsUser ?? shared.RunAsUser;
        if (own.RunAsNonRoot ?? shared.RunAsNonRoot ?? false)
        {
            CheckNotRoot(pod, container, user, image.User);
        }

        var groups = shared.SupplementalGroups.ToList();
        if (shared.FsGroup is { } fsGroup)
        {
            groups.Add(fsGroup);
        }

        return new ContainerSecurity
        {
            RunAsUser = user,
            RunAsGroup = own.RunAsGroup ?? shared.RunAsGroup,
            SupplementalGroups = groups,
            Privileged = own.Privileged ?? false,
            ReadOnlyRootFilesystem = own.ReadOnlyRootFilesystem ?? false,
            NoNewPrivileges = own.AllowPrivilegeEscalation == false,
            CapabilitiesAdd = own.Capabilities?.Add ?? [],
            CapabilitiesDrop = own.Capabilities?.Drop ?? [],
            Seccomp = Seccomp(own.SeccompProfile ?? shared.SeccompProfile, own.Privileged ?? false),
        };
    }

    /// <summary>Unconfined when nobody says anything, as in Kubernetes, and for whom nothing is withheld in any case.</summary>
    private SecurityProfile Seccomp(SeccompProfile? profile, bool privileged)
    {
        if (profile is null || privileged)
        {
            return SecurityProfile.Unconfined;
        }

        switch (profile.Type)
        {
            case SeccompProfileType.RuntimeDefault:
                return new SecurityProfile(SecurityProfileType.RuntimeDefault);
            case SeccompProfileType.Localhost:
                var name = profile.LocalhostProfile ?? "";
                if (name.Length == 0 || Path.IsPathRooted(name) || name.Split('/').Contains(".."))
                {
                    throw new ContainerConfigException($"seccomp profile \"{name}\" must be relative and stay below the node's directory of profiles");
                }

                return new SecurityProfile(SecurityProfileType.Localhost, paths.SeccompProfile(name));
            default:
                return SecurityProfile.Unconfined;
        }
    }

    private static void CheckNotRoot(Pod pod, Container container, long? user, string imageUser)
    {
        var where = $"(pod: \"{pod.Metadata.Name}_{pod.Metadata.Namespace}({pod.Metadata.Uid})\", container: {container.Name})";
        if (user is { } number)
        {
            if (number == 0)
            {
                throw new ContainerConfigException($"container's runAsUser breaks non-root policy {where}");
            }

            return;
        }

        var name = imageUser.Split(':')[0];
        if (name is "" or "root" || (long.TryParse(name, out var id) && id == 0))
        {
            throw new ContainerConfigException($"container has runAsNonRoot and image will run as root {where}");
        }

        if (!long.TryParse(name, out _))
        {
            throw new ContainerConfigException(
                $"container has runAsNonRoot and image has non-numeric user ({name}), cannot verify user is non-root {where}");
        }
    }

    private ContainerResources Resources(Pod pod, Container container)
    {
        var limits = container.Resources.Limits;
        var requests = container.Resources.Requests;
        var cpuLimit = limits.TryGetValue("cpu", out var limit) && !limit.IsZero ? limit.MilliValue : (long?)null;
        var cpuRequest = requests.TryGetValue("cpu", out var request) ? request.MilliValue : cpuLimit ?? 0;
        return new ContainerResources
        {
            CpuShares = Math.Clamp(cpuRequest * 1024 / 1000, 2, 262_144),
            CpuQuota = cpuLimit is { } milli ? Math.Max(1000, milli * QuotaPeriodMicroseconds / 1000) : null,
            CpuPeriod = cpuLimit is null ? null : QuotaPeriodMicroseconds,
            MemoryBytes = limits.TryGetValue("memory", out var memory) && !memory.IsZero ? memory.LongValue : null,
            OomScoreAdj = OomScores.Of(pod, container, nodeMemoryBytes),
        };
    }

    private static SecurityContext Security(Container container) => container.SecurityContext ?? SecurityContext.Empty;
}
