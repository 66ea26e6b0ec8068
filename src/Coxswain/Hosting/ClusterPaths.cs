using System.Text;

namespace Coxswain.Hosting;

/// <summary>Where one cluster keeps its things. Everything but logs of Pods lies under the data directory.</summary>
internal sealed class ClusterPaths
{
    public const string DefaultData = "/var/lib/coxswain";

    /// <summary>What the kernel takes as the address of a Unix socket, its final zero left out.</summary>
    private const int MostSocketPathBytes = 107;

    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;

    private ClusterPaths(string data, bool isDefault)
    {
        Data = data;

        // Several clusters can live on one machine: all but the default one keep their sockets beside their data.
        Run = isDefault ? "/run/coxswain" : Path.Combine(data, "run");
        PodLogs = isDefault ? "/var/log/pods" : Path.Combine(data, "pod-logs");
    }

    public string Data { get; }

    public string Run { get; }

    public string PodLogs { get; }

    public string Database => Path.Combine(Data, "store", "store.db");

    /// <summary>What provisioned PersistentVolumes hold.</summary>
    public string Volumes => Path.Combine(Data, "volumes");

    /// <summary>Shared with the Pod that serves Ingresses.</summary>
    public string Ingress => Path.Combine(Data, "ingress");

    public string Configuration => Path.Combine(Data, "cluster.json");

    public string Lock => Path.Combine(Data, "cluster.lock");

    public string StartLock => Path.Combine(Data, "start.lock");

    /// <summary>What a running server says of itself; blank when it stopped in good order.</summary>
    public string ServerState => Path.Combine(Run, "server.json");

    /// <summary>Where a running server takes the verbs of the command line.</summary>
    public string CommandSocket => Path.Combine(Run, "command.sock");

    /// <summary>Where a running server speaks Docker's API.</summary>
    public string DockerSocket => Path.Combine(Run, "docker.sock");

    /// <summary>What is written down of requests; nothing while there is no such file.</summary>
    public string AuditPolicy => Path.Combine(Data, "audit-policy.yaml");

    public string AuditLog => Path.Combine(Data, "audit", "audit.log");

    /// <summary>What is encrypted on the disk; nothing while there is no such file.</summary>
    public string EncryptionConfiguration => Path.Combine(Data, "encryption.yaml");

    public string ServerLog => Path.Combine(Data, "server.log");

    /// <summary>The administrator's own kubeconfig, whatever became of the user's.</summary>
    public string AdminKubeconfig => Path.Combine(Data, "admin.kubeconfig");

    /// <summary>The paths of the cluster that <c>up</c> and <c>server</c> mean.</summary>
    /// <param name="data">From <c>--data-dir</c>; otherwise COXSWAIN_DATA_DIR decides, then the default.</param>
    public static ClusterPaths Resolve(string? data) => Of(data ?? FromEnvironment ?? DefaultData);

    /// <summary>
    /// The paths of the cluster that every other verb means: without <c>--data-dir</c> and COXSWAIN_DATA_DIR the one whose
    /// context kubectl uses at present, so that both tools speak of the same cluster.
    /// </summary>
    public static ClusterPaths ResolveCurrent(string? data) =>
        Of(data ?? FromEnvironment ?? KubeconfigFile.CurrentCluster() ?? DefaultData);

    /// <summary>
    /// Makes the directories, for their owner alone: they hold every Secret of the cluster.
    /// </summary>
    /// <exception cref="CommandFailure">
    /// The data directory holds something else (<c>down --delete</c> would remove that too), or its name is too long.
    /// </exception>
    public void Create()
    {
        if (Encoding.UTF8.GetByteCount(CommandSocket) > MostSocketPathBytes)
        {
            throw new CommandFailure(
                $"the path {Data} is too long for the sockets in it; give one of at most "
                + $"{MostSocketPathBytes - (Encoding.UTF8.GetByteCount(CommandSocket) - Encoding.UTF8.GetByteCount(Data))} bytes with --data-dir");
        }

        if (Directory.Exists(Data) && !File.Exists(Configuration) && Directory.EnumerateFileSystemEntries(Data).Any(IsForeign))
        {
            throw new CommandFailure($"{Data} is not empty and holds no cluster; give an empty or a new directory with --data-dir");
        }

        foreach (var directory in new[] { Data, Run })
        {
            Directory.CreateDirectory(directory, OwnerOnly);
            File.SetUnixFileMode(directory, OwnerOnly);
        }
    }

    private static string? FromEnvironment =>
        Environment.GetEnvironmentVariable("COXSWAIN_DATA_DIR") is { Length: > 0 } directory ? directory : null;

    private static ClusterPaths Of(string data)
    {
        data = Path.TrimEndingDirectorySeparator(Path.GetFullPath(data));
        return new ClusterPaths(data, data == DefaultData);
    }

    /// <summary>What is neither a file system's own nor left by a start that failed before there was a cluster.</summary>
    private bool IsForeign(string path) =>
        Path.GetFileName(path) is not ("lost+found" or "run") && path != Lock && path != StartLock && !path.StartsWith(ServerLog, StringComparison.Ordinal);
}
