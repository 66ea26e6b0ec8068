using Coxswain.Api.Metrics.V1Beta1;
using Coxswain.Api.Resources;
using Coxswain.Api.Schemata;
using Coxswain.ApiServer.Resources;
using Coxswain.Store;

namespace Coxswain.ApiServer.Metrics;

/// <summary>Serves <c>metrics.k8s.io</c> from what the nodes tell, where other clusters need a metrics-server.</summary>
internal static class MetricsApi
{
    /// <summary>The resources to add to the catalogue.</summary>
    public static IEnumerable<ServedResource> Resources(IStore store, UsageCollector collector)
    {
        foreach (var resource in (ApiResource[])[ApiResources.Of<NodeMetrics>(), ApiResources.Of<PodMetrics>()])
        {
            yield return new ServedResource(resource, Schemas.Find(new Api.ObjectKind(resource.ApiVersion, resource.Kind)), ResourceRules.Default)
            {
                Computed = new MetricsObjects(store, collector, resource.ApiVersion, resource.Namespaced),
            };
        }
    }
}
