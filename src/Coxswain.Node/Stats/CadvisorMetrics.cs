using Coxswain.Node.Runtime;

namespace Coxswain.Node.Stats;

/// <summary>What cAdvisor tells in a kubelet, under its names, as far as dashboards and alerts read it.</summary>
internal static class CadvisorMetrics
{
    private static readonly Metric CpuUsage = Metric.Counter("container_cpu_usage_seconds_total", "Cumulative cpu time consumed in seconds.");
    private static readonly Metric CpuPeriods = Metric.Counter("container_cpu_cfs_periods_total", "Number of elapsed enforcement period intervals.");
    private static readonly Metric CpuThrottled = Metric.Counter("container_cpu_cfs_throttled_periods_total", "Number of throttled period intervals.");
    private static readonly Metric CpuThrottledTime = Metric.Counter("container_cpu_cfs_throttled_seconds_total", "Total time duration the container has been throttled.");
    private static readonly Metric MemoryUsage = Metric.Gauge("container_memory_usage_bytes", "Current memory usage in bytes, including all memory regardless of when it was accessed");
    private static readonly Metric WorkingSet = Metric.Gauge("container_memory_working_set_bytes", "Current working set in bytes.");
    private static readonly Metric Rss = Metric.Gauge("container_memory_rss", "Size of RSS in bytes.");
    private static readonly Metric Cache = Metric.Gauge("container_memory_cache", "Number of bytes of page cache memory.");
    private static readonly Metric Faults = Metric.Counter("container_memory_failures_total", "Cumulative count of memory allocation failures.");
    private static readonly Metric MemoryLimit = Metric.Gauge("container_spec_memory_limit_bytes", "Memory limit for the container.");
    private static readonly Metric Oom = Metric.Counter("container_oom_events_total", "Count of out of memory events observed for the container");
    private static readonly Metric Threads = Metric.Gauge("container_threads", "Number of threads running inside the container");
    private static readonly Metric Start = Metric.Gauge("container_start_time_seconds", "Start time of the container since unix epoch in seconds.");
    private static readonly Metric LastSeen = Metric.Gauge("container_last_seen", "Last time a container was seen by the exporter");
    private static readonly Metric FsUsage = Metric.Gauge("container_fs_usage_bytes", "Number of bytes that are consumed by the container on this filesystem.");
    private static readonly Metric Cores = Metric.Gauge("machine_cpu_cores", "Number of logical CPU cores.");
    private static readonly Metric Memory = Metric.Gauge("machine_memory_bytes", "Amount of memory installed on the machine.");

    private static readonly (Metric Metric, Func<NetworkInterfaceStats, long> Of)[] Network =
    [
        (Metric.Counter("container_network_receive_bytes_total", "Cumulative count of bytes received"), item => item.ReceivedBytes),
        (Metric.Counter("container_network_receive_packets_total", "Cumulative count of packets received"), item => item.ReceivedPackets),
        (Metric.Counter("container_network_receive_errors_total", "Cumulative count of errors encountered while receiving"), item => item.ReceiveErrors),
        (Metric.Counter("container_network_receive_packets_dropped_total", "Cumulative count of packets dropped while receiving"), item => item.ReceiveDrops),
        (Metric.Counter("container_network_transmit_bytes_total", "Cumulative count of bytes transmitted"), item => item.SentBytes),
        (Metric.Counter("container_network_transmit_packets_total", "Cumulative count of packets transmitted"), item => item.SentPackets),
        (Metric.Counter("container_network_transmit_errors_total", "Cumulative count of errors encountered while transmitting"), item => item.SendErrors),
        (Metric.Counter("container_network_transmit_packets_dropped_total", "Cumulative count of packets dropped while transmitting"), item => item.SendDrops),
    ];

    public static string Write(MachineUsage machine, int processors, IReadOnlyList<PodMeasurement> pods, IReadOnlyDictionary<string, PodDisk> disks)
    {
        var text = new PrometheusText();
        text.Add(Cores, processors, null);
        text.Add(Memory, machine.MemoryBytes, null);
        text.Add(CpuUsage, machine.CpuNanoseconds / 1e9, machine.Time, ("cpu", "total"), ("id", "/"));
        text.Add(WorkingSet, machine.WorkingSetBytes, machine.Time, ("id", "/"));
        text.Add(MemoryUsage, machine.MemoryUsedBytes, machine.Time, ("id", "/"));
        foreach (var measured in pods)
        {
            var place = new Place("", $"/pod{measured.Pod.Metadata.Uid}", "", "", measured.Pod.Metadata.Namespace, measured.Pod.Metadata.Name);
            if (measured.Sandbox is { } sandbox)
            {
                Add(text, place, sandbox.Usage);
                foreach (var item in sandbox.Interfaces)
                {
                    foreach (var (metric, of) in Network)
                    {
                        text.Add(metric, of(item), sandbox.Usage.Time, [.. place.Labels, ("interface", item.Name)]);
                    }
                }
            }

            foreach (var (status, id, stats) in measured.Containers)
            {
                var own = place with { Container = status.Name, Id = $"{place.Id}/{id}", Image = status.Image, Name = id };
                Add(text, own, stats);
                text.Add(Start, (status.State.Running?.StartedAt ?? stats.Time).ToUnixTimeSeconds(), stats.Time, own.Labels);
                if (disks.GetValueOrDefault(measured.Pod.Metadata.Uid)?.Containers.GetValueOrDefault(status.Name) is { } disk)
                {
                    text.Add(FsUsage, disk.WrittenBytes, stats.Time, own.Labels);
                }
            }
        }

        return text.ToString();
    }

    private static void Add(PrometheusText text, Place place, ContainerStats stats)
    {
        var labels = place.Labels;
        text.Add(CpuUsage, stats.CpuNanoseconds / 1e9, stats.Time, [.. labels, ("cpu", "total")]);
        text.Add(CpuPeriods, stats.CpuPeriods, stats.Time, labels);
        text.Add(CpuThrottled, stats.ThrottledPeriods, stats.Time, labels);
        text.Add(CpuThrottledTime, stats.ThrottledNanoseconds / 1e9, stats.Time, labels);
        text.Add(MemoryUsage, stats.MemoryBytes, stats.Time, labels);
        text.Add(WorkingSet, stats.WorkingSetBytes, stats.Time, labels);
        text.Add(Rss, stats.RssBytes, stats.Time, labels);
        text.Add(Cache, stats.CacheBytes, stats.Time, labels);
        text.Add(Faults, stats.PageFaults, stats.Time, [.. labels, ("failure_type", "pgfault"), ("scope", "hierarchy")]);
        text.Add(Faults, stats.MajorPageFaults, stats.Time, [.. labels, ("failure_type", "pgmajfault"), ("scope", "hierarchy")]);
        text.Add(MemoryLimit, stats.MemoryLimitBytes, stats.Time, labels);
        text.Add(Oom, stats.OomKills, stats.Time, labels);
        text.Add(Threads, stats.Pids, stats.Time, labels);
        text.Add(LastSeen, stats.Time.ToUnixTimeSeconds(), stats.Time, labels);
    }

    private sealed record Place(string Container, string Id, string Image, string Name, string Namespace, string Pod)
    {
        public (string, string)[] Labels =>
            [("container", Container), ("id", Id), ("image", Image), ("name", Name), ("namespace", Namespace), ("pod", Pod)];
    }
}
