namespace Coxswain.Hosting;

/// <summary>Where one cluster keeps its things. Everything but logs of Pods lies under the data directory.</summary>
internal sealed class ClusterPaths
{
    public const string DefaultData = "/var/lib/coxswain";

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

    public string Configuration => Path.Combine(Data, "cluster.json");

    /// <summary>What a running server says of itself; removed when it stops in good order.</summary>
    public string ServerState => Path.Combine(Run, "server.json");

    public string ServerLog => Path.Combine(Data, "server.log");

    /// <summary>The administrator's own kubeconfig, whatever became of the user's.</summary>
    public string AdminKubeconfig => Path.Combine(Data, "admin.kubeconfig");

    /// <param name="data">From <c>--data-dir</c>; otherwise COXSWAIN_DATA_DIR decides, then the default.</param>
    public static ClusterPaths Resolve(string? data)
    {
        data ??= Environment.GetEnvironmentVariable("COXSWAIN_DATA_DIR") is { Length: > 0 } fromEnvironment ? fromEnvironment : DefaultData;
        data = Path.TrimEndingDirectorySeparator(Path.GetFullPath(data));
        return new ClusterPaths(data, data == DefaultData);
    }
}
