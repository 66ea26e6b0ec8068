namespace Coxswain.Node.Stats;

/// <summary>What the agent says of itself, under the kubelet's names.</summary>
internal static class KubeletMetrics
{
    private static readonly Metric NodeName = Metric.Gauge("kubelet_node_name", "The node's name. The count is always 1.");
    private static readonly Metric RunningPods = Metric.Gauge("kubelet_running_pods", "Number of pods that have a running pod sandbox");
    private static readonly Metric RunningContainers = Metric.Gauge("kubelet_running_containers", "Number of containers currently running");
    private static readonly Metric ProcessCpu = Metric.Counter("process_cpu_seconds_total", "Total user and system CPU time spent in seconds.");
    private static readonly Metric ProcessMemory = Metric.Gauge("process_resident_memory_bytes", "Resident memory size in bytes.");

    private static readonly (Metric Metric, Func<DiskUse, long> Of)[] Volumes =
    [
        (Metric.Gauge("kubelet_volume_stats_capacity_bytes", "Capacity in bytes of the volume"), use => use.CapacityBytes),
        (Metric.Gauge("kubelet_volume_stats_available_bytes", "Number of available bytes in the volume"), use => use.AvailableBytes),
        (Metric.Gauge("kubelet_volume_stats_used_bytes", "Number of used bytes in the volume"), use => use.UsedBytes),
        (Metric.Gauge("kubelet_volume_stats_inodes", "Maximum number of inodes in the volume"), use => use.Inodes),
        (Metric.Gauge("kubelet_volume_stats_inodes_free", "Number of free inodes in the volume"), use => use.InodesFree),
        (Metric.Gauge("kubelet_volume_stats_inodes_used", "Number of used inodes in the volume"), use => use.InodesUsed),
    ];

    public static string Write(string nodeName, IReadOnlyList<PodMeasurement> pods, IReadOnlyDictionary<string, PodDisk> disks)
    {
        var text = new PrometheusText();
        text.Add(NodeName, 1, null, ("node", nodeName));
        text.Add(RunningPods, pods.Count(pod => pod.Sandbox is not null), null);
        text.Add(RunningContainers, pods.Sum(pod => pod.Containers.Count), null, ("container_state", "running"));
        text.Add(ProcessCpu, Environment.CpuUsage.TotalTime.TotalSeconds, null);
        text.Add(ProcessMemory, Environment.WorkingSet, null);

        // Several pods may have the same claim.
        var claims = pods.SelectMany(pod => (disks.GetValueOrDefault(pod.Pod.Metadata.Uid)?.Volumes ?? [])
                .Where(volume => volume.Claim.Length > 0).Select(volume => (pod.Pod.Metadata.Namespace, volume.Claim, volume.Use)))
            .DistinctBy(volume => (volume.Namespace, volume.Claim));
        foreach (var (space, claim, use) in claims)
        {
            foreach (var (metric, of) in Volumes)
            {
                text.Add(metric, of(use), null, ("namespace", space), ("persistentvolumeclaim", claim));
            }
        }

        return text.ToString();
    }
}
