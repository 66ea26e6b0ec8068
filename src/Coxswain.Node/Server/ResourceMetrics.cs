using System.Globalization;
using System.Text;
using Coxswain.Api.Core.V1;
using Coxswain.Node.Runtime;

namespace Coxswain.Node.Server;

/// <summary>Processor and memory of the running containers, in the form metrics-server reads.</summary>
internal static class ResourceMetrics
{
    public static async Task<string> OfAsync(IReadOnlyList<Pod> pods, IPodRuntime runtime, CancellationToken cancellationToken)
    {
        var cpu = new StringBuilder("# TYPE container_cpu_usage_seconds_total counter\n");
        var memory = new StringBuilder("# TYPE container_memory_working_set_bytes gauge\n");
        foreach (var pod in pods)
        {
            foreach (var status in pod.Status.ContainerStatuses.Where(status => status.State.Running is not null))
            {
                var id = status.ContainerID[(status.ContainerID.LastIndexOf('/') + 1)..];
                if (await runtime.ContainerStatsAsync(id, cancellationToken) is not { } stats)
                {
                    continue;
                }

                var labels = $"{{container=\"{status.Name}\",namespace=\"{pod.Metadata.Namespace}\",pod=\"{pod.Metadata.Name}\"}}";
                var at = stats.Time.ToUnixTimeMilliseconds();
                cpu.Append(CultureInfo.InvariantCulture, $"container_cpu_usage_seconds_total{labels} {stats.CpuNanoseconds / 1e9} {at}\n");
                memory.Append(CultureInfo.InvariantCulture, $"container_memory_working_set_bytes{labels} {stats.WorkingSetBytes} {at}\n");
            }
        }

        return cpu.Append(memory).ToString();
    }
}
