
namespace Coxswain.Node.Files;

/// <summary>Where the node agent keeps things. Everything of a pod lies under its UID.</summary>
internal sealed record NodePaths(string DataDirectory, string PodLogsDirectory)
{
    public string Pods => Path.Combine(DataDirectory, "pods");

    /// <summary>Of static pods, for operators to put there.</summary>
    public string Manifests => Path.Combine(DataDirectory, "manifests");

    public string Pod(string uid) => Path.Combine(Pods, uid);

    public string Volume(string uid, string kind, string name) => Path.Combine(Pod(uid), "volumes", "kubernetes.io~" + kind, name);

    public string Volumes(string uid) => Path.Combine(Pod(uid), "volumes");

    public string SubPathRoot(string uid) => Path.Combine(Pod(uid), "volume-subpaths");

    /// <summary>Where a subPath of a volume is mounted, for the container's mount of that index.</summary>
    public string SubPath(string uid, string container, int index) => Path.Combine(SubPathRoot(uid), container, index.ToString());

    public string EtcFile(string uid, string name) => Path.Combine(Pod(uid), "etc", name);

    public string TerminationLog(string uid, string container, int attempt) =>
        Path.Combine(Pod(uid), "containers", container, $"{attempt}-termination-log");

    /// <summary>A seccomp profile that an operator has put on the node.</summary>
    public string SeccompProfile(string name) => Path.Combine(DataDirectory, "seccomp", name);

    public string PodLogs(string @namespace, string pod, string uid) => Path.Combine(PodLogsDirectory, $"{@namespace}_{pod}_{uid}");

    public string ContainerLogs(string @namespace, string pod, string uid, string container) =>
        Path.Combine(PodLogs(@namespace, pod, uid), container);

    public string ContainerLog(string @namespace, string pod, string uid, string container, int attempt) =>
        Path.Combine(ContainerLogs(@namespace, pod, uid, container), $"{attempt}.log");
}
