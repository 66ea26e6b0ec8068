using Coxswain.Api.Core.V1;
using Coxswain.Node.Runtime;

namespace Coxswain.Node.Stats;

/// <summary>Measures pods when somebody asks; nothing is measured otherwise.</summary>
internal sealed class PodMeter(IPodRuntime runtime)
{
    public async Task<IReadOnlyList<PodMeasurement>> MeasureAsync(IReadOnlyList<Pod> pods, CancellationToken cancellationToken)
    {
        var measured = new List<PodMeasurement>(pods.Count);
        foreach (var pod in pods)
        {
            var containers = new List<ContainerMeasurement>();
            foreach (var status in StatusesOf(pod).Where(status => status.State.Running is not null))
            {
                var id = IdOf(status);
                if (await runtime.ContainerStatsAsync(id, cancellationToken) is { } stats)
                {
                    containers.Add(new ContainerMeasurement(status, id, stats));
                }
            }

            measured.Add(new PodMeasurement(pod, await runtime.PodSandboxStatsAsync(pod.Metadata.Uid, cancellationToken), containers));
        }

        return measured;
    }

    public static IEnumerable<ContainerStatus> StatusesOf(Pod pod) =>
        pod.Status.InitContainerStatuses.Concat(pod.Status.ContainerStatuses).Concat(pod.Status.EphemeralContainerStatuses);

    /// <summary>The runtime's own id, without the runtime's name.</summary>
    public static string IdOf(ContainerStatus status) => status.ContainerID[(status.ContainerID.LastIndexOf('/') + 1)..];
}
