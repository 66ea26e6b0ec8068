using Coxswain.Api.Metrics.V1Beta1;
using Coxswain.Client;

namespace Coxswain.Controllers.Autoscaling;

/// <summary>What pods use, as <c>metrics.k8s.io</c> says.</summary>
internal sealed class ResourceMetrics(IKubeClient client)
{
    /// <param name="container">Only this container's; empty for all of them together.</param>
    /// <returns>By pod; those of which nothing is known are not in it.</returns>
    public async Task<IReadOnlyDictionary<string, PodUsage>> ReadAsync(
        string @namespace, string selector, string resource, string container, CancellationToken cancellationToken)
    {
        var list = await client.ListAsync<PodMetrics>(@namespace, new ListQuery(selector), cancellationToken);
        var usages = new Dictionary<string, PodUsage>(StringComparer.Ordinal);
        foreach (var pod in list.Items)
        {
            var containers = pod.Containers.Where(measured => container.Length == 0 || measured.Name == container).ToList();
            if (containers.Count > 0 && containers.TrueForAll(measured => measured.Usage.ContainsKey(resource)))
            {
                var sum = containers.Sum(measured => measured.Usage[resource].Value);
                usages[pod.Metadata.Name] = new PodUsage((long)Math.Ceiling(sum * 1000), pod.Timestamp ?? DateTimeOffset.MinValue, pod.Window ?? TimeSpan.Zero);
            }
        }

        return usages;
    }
}
