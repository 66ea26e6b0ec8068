using Coxswain.Api.Core.V1;

namespace Coxswain.Node.Stats;

/// <summary>Processor and memory of the node, its pods and their containers, as the kubelet tells whoever serves <c>metrics.k8s.io</c>.</summary>
internal static class ResourceMetrics
{
    private static readonly Metric ContainerCpu = Metric.Counter("container_cpu_usage_seconds_total", "Cumulative cpu time consumed by the container in core-seconds");
    private static readonly Metric ContainerMemory = Metric.Gauge("container_memory_working_set_bytes", "Current working set of the container in bytes");
    private static readonly Metric ContainerStart = Metric.Gauge("container_start_time_seconds", "Start time of the container since unix epoch in seconds");
    private static readonly Metric NodeCpu = Metric.Counter("node_cpu_usage_seconds_total", "Cumulative cpu time consumed by the node in core-seconds");
    private static readonly Metric NodeMemory = Metric.Gauge("node_memory_working_set_bytes", "Current working set of the node in bytes");
    private static readonly Metric PodCpu = Metric.Counter("pod_cpu_usage_seconds_total", "Cumulative cpu time consumed by the pod in core-seconds");
    private static readonly Metric PodMemory = Metric.Gauge("pod_memory_working_set_bytes", "Current working set of the pod in bytes");
    private static readonly Metric Error = Metric.Gauge("resource_scrape_error", "1 if there was an error while getting container metrics, 0 otherwise");

    public static string Write(MachineUsage machine, IReadOnlyList<PodMeasurement> pods)
    {
        var text = new PrometheusText();
        text.Add(NodeCpu, Seconds(machine.CpuNanoseconds), machine.Time);
        text.Add(NodeMemory, machine.WorkingSetBytes, machine.Time);
        foreach (var measured in pods)
        {
            (string, string) pod = ("pod", measured.Pod.Metadata.Name), space = ("namespace", measured.Pod.Metadata.Namespace);
            foreach (var (status, _, stats) in measured.Containers)
            {
                (string, string) container = ("container", status.Name);
                text.Add(ContainerCpu, Seconds(stats.CpuNanoseconds), stats.Time, container, space, pod);
                text.Add(ContainerMemory, stats.WorkingSetBytes, stats.Time, container, space, pod);
                text.Add(ContainerStart, Start(status, stats.Time), null, container, space, pod);
            }

            if (measured is { Containers.Count: > 0, Sandbox.Usage: { } usage })
            {
                text.Add(PodCpu, Seconds(usage.CpuNanoseconds), usage.Time, space, pod);
                text.Add(PodMemory, usage.WorkingSetBytes, usage.Time, space, pod);
            }
        }

        text.Add(Error, 0, null);
        return text.ToString();
    }

    private static double Seconds(long nanoseconds) => nanoseconds / 1e9;

    private static double Start(ContainerStatus status, DateTimeOffset fallback) =>
        (status.State.Running?.StartedAt ?? fallback).ToUnixTimeMilliseconds() / 1e3;
}
