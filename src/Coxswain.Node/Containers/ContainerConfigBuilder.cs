using Coxswain.Api.Core.V1;
using Coxswain.Node.Files;
using Coxswain.Node.PodFacts;
using Coxswain.Node.Runtime;
using Coxswain.Node.Volumes;

namespace Coxswain.Node.Containers;

/// <summary>What a container needs that is known only when it starts.</summary>
/// <param name="Env">All of it.</param>
/// <param name="VolumePaths">By volume name.</param>
/// <param name="TargetId">The running container whose processes it is to see; empty when there is none.</param>
internal sealed record ContainerInputs(
    int Attempt, ImageInfo Image, IReadOnlyList<KeyValuePair<string, string>> Env, IReadOnlyDictionary<string, string> VolumePaths,
    string TargetId = "");

/// <summary>Turns a pod's container into the runtime's words.</summary>
internal sealed class ContainerConfigBuilder(NodePaths paths, SubPaths subPaths, long nodeMemoryBytes)
{
    private const string DefaultTerminationLog = "/dev/termination-log";

    /// <summary>Files of the pod's own that its containers have in place of the image's.</summary>
    private static readonly (string Name, string Target)[] EtcFiles =
        [("hosts", "/etc/hosts"), ("hostname", "/etc/hostname"), ("resolv.conf", "/etc/resolv.conf")];

    private readonly ContainerSecurityBuilder _security = new(paths);

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
        TargetContainerId = Target(pod, container, inputs.TargetId),
        StopSignal = container.Lifecycle?.StopSignal ?? "",
        Security = _security.Build(pod, container, inputs.Image),
        Resources = ContainerAmounts.Of(container),
        OomScoreAdj = OomScores.Of(pod, container, nodeMemoryBytes),
    };

    private List<MountConfig> Mounts(Pod pod, Container container, ContainerInputs inputs)
    {
        if (container.VolumeDevices.Count > 0)
        {
            throw new ContainerConfigException($"volumeDevices of container \"{container.Name}\": this node has no block volumes");
        }

        var uid = pod.Metadata.Uid;
        var mounts = new List<MountConfig>();
        foreach (var (index, mount) in container.VolumeMounts.Index())
        {
            // What we write ourselves changes by a swap of links that a container must not undo; the rest is what the volume says of itself.
            var source = pod.Spec.Volumes.FirstOrDefault(volume => volume.Name == mount.Name);
            var isReadOnly = source is { ConfigMap: not null } or { Secret: not null } or { DownwardAPI: not null } or { Projected: not null }
                or { Image: not null } or { PersistentVolumeClaim.ReadOnly: true };
            mounts.Add(new MountConfig(
                HostPath(uid, container, inputs, index, mount), mount.MountPath, mount.ReadOnly || isReadOnly, mount.MountPropagation ?? "")
            {
                RecursiveReadOnly = mount is
                {
                    ReadOnly: true, RecursiveReadOnly: RecursiveReadOnlyMode.Enabled or RecursiveReadOnlyMode.IfPossible,
                },
            });
        }

        var readOnly = container.SecurityContext?.ReadOnlyRootFilesystem == true;
        mounts.AddRange(EtcFiles.Where(file => !mounts.Exists(mount => mount.ContainerPath == file.Target))
            .Select(file => new MountConfig(paths.EtcFile(uid, file.Name), file.Target, readOnly)));
        var termination = container.TerminationMessagePath.Length > 0 ? container.TerminationMessagePath : DefaultTerminationLog;
        mounts.Add(new MountConfig(paths.TerminationLog(uid, container.Name, inputs.Attempt), termination));
        return mounts;
    }

    private string HostPath(string uid, Container container, ContainerInputs inputs, int index, VolumeMount mount)
    {
        if (!inputs.VolumePaths.TryGetValue(mount.Name, out var path))
        {
            throw new ContainerConfigException($"volume \"{mount.Name}\" is not mounted");
        }

        var subPath = mount.SubPathExpr.Length > 0 ? VariableExpansion.Expand([mount.SubPathExpr], inputs.Env)[0] : mount.SubPath;
        try
        {
            return subPath.Length > 0 ? subPaths.Mount(uid, container.Name, index, path, subPath) : path;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or VolumeException)
        {
            throw new ContainerConfigException(
                $"failed to prepare subPath for volumeMount \"{mount.Name}\" of container \"{container.Name}\": {exception.Message}", exception);
        }
    }

    private static string Target(Pod pod, Container container, string id)
    {
        var name = EphemeralContainers.TargetOf(pod, container.Name);
        return name.Length == 0 ? ""
            : id.Length > 0 ? id
            : throw new ContainerConfigException($"unable to find target container \"{name}\": it does not run");
    }
}
