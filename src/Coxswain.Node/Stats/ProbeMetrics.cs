using Coxswain.Api.Core.V1;
using Coxswain.Node.Probes;

namespace Coxswain.Node.Stats;

/// <summary>How probes went, under the kubelet's names.</summary>
internal static class ProbeMetrics
{
    private static readonly Metric Probes = Metric.Counter(
        "prober_probe_total", "Cumulative number of a liveness, readiness or startup probe for a container by result.");

    public static string Write(IReadOnlyList<Pod> pods, ProbeCounts counts)
    {
        var text = new PrometheusText();
        var containers = pods.SelectMany(pod => PodMeter.StatusesOf(pod).Where(status => status.ContainerID.Length > 0)
            .Select(status => (Pod: pod, status.Name, Id: PodMeter.IdOf(status)))).ToList();
        var known = counts.Read(containers.Select(container => container.Id).ToHashSet(StringComparer.Ordinal));
        foreach (var (pod, name, id) in containers)
        {
            foreach (var (kind, result, count) in known.GetValueOrDefault(id) ?? [])
            {
                text.Add(
                    Probes, count, null, ("container", name), ("namespace", pod.Metadata.Namespace), ("pod", pod.Metadata.Name),
                    ("pod_uid", pod.Metadata.Uid), ("probe_type", kind.ToString()), ("result", result));
            }
        }

        return text.ToString();
    }
}
