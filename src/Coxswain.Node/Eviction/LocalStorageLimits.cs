using Coxswain.Api.Core.V1;
using Coxswain.Api.Pods;

namespace Coxswain.Node.Eviction;

/// <summary>What pods may take of the node's disk, by their own limits. Measured only where there is one.</summary>
internal sealed class LocalStorageLimits(IPodUsageMeter usage)
{
    /// <summary>The kubelet's words about the first limit that a pod is above; null when it is above none.</summary>
    public async Task<string?> FindExceededAsync(Pod pod, CancellationToken cancellationToken)
    {
        foreach (var volume in pod.Spec.Volumes)
        {
            if (volume.EmptyDir is { Medium: not StorageMedium.Memory, SizeLimit: { IsZero: false } limit }
                && usage.EmptyDir(pod, volume.Name, cancellationToken) > limit.LongValue)
            {
                return $"Usage of EmptyDir volume \"{volume.Name}\" exceeds the limit \"{limit}\". ";
            }
        }

        var lasting = pod.Spec.InitContainers.Where(container => container.RestartPolicy == ContainerRestartPolicy.Always).Concat(pod.Spec.Containers);
        foreach (var container in lasting)
        {
            if (container.Resources.Limits.TryGetValue(ResourceName.EphemeralStorage, out var limit) && !limit.IsZero
                && await usage.ContainerDiskAsync(pod, container.Name, cancellationToken) > limit.LongValue)
            {
                return $"Container {container.Name} exceeded its local ephemeral storage limit \"{limit}\". ";
            }
        }

        return PodRequests.LimitsOf(pod.Spec).TryGetValue(ResourceName.EphemeralStorage, out var total) && !total.IsZero
            && await AllAsync(pod, cancellationToken) > total.LongValue
            ? $"Pod ephemeral local storage usage exceeds the total limit of containers {total}. "
            : null;
    }

    private async Task<long> AllAsync(Pod pod, CancellationToken cancellationToken)
    {
        var used = usage.Disk(pod, cancellationToken);
        foreach (var container in pod.Spec.InitContainers.Concat(pod.Spec.Containers))
        {
            used += await usage.WritableLayerAsync(pod, container.Name, cancellationToken);
        }

        return used;
    }
}
