using System.Collections.Frozen;
using Coxswain.Api;
using Coxswain.ApiServer.Registry.Strategies;

namespace Coxswain.ApiServer.Registry;

/// <summary>Every resource that is served, found by the parts of its path.</summary>
internal sealed class ResourceRegistry
{
    private readonly FrozenDictionary<(string Group, string Version, string Plural), ServedResource> _byPath;

    public ResourceRegistry(ServiceStrategy services)
    {
        All = [.. ApiResources.All
            .Where(resource => resource.Group is not "metrics.k8s.io")
            .Select(resource => new ServedResource(
                resource, Schemas.Find(new ObjectKind(resource.ApiVersion, resource.Kind)), StrategyOf(resource, services), conversion: null))];
        _byPath = All.ToFrozenDictionary(served => (served.Resource.Group, served.Resource.Version, served.Resource.Plural));
    }

    public IReadOnlyList<ServedResource> All { get; }

    public ServedResource? Find(string apiGroup, string version, string plural) => _byPath.GetValueOrDefault((apiGroup, version, plural));

    /// <exception cref="InvalidOperationException">A resource the server itself relies on is not served.</exception>
    public ServedResource Of<T>()
        where T : IKubeObject<T> => Of(ApiResources.Of<T>());

    public ServedResource Of(ApiResource resource) =>
        Find(resource.Group, resource.Version, resource.Plural) ?? throw new KubeStatusException(Statuses.ResourceNotFound());

    private static ResourceStrategy StrategyOf(ApiResource resource, ServiceStrategy services) => resource.QualifiedName switch
    {
        "pods" => new PodStrategy(),
        "services" => services,
        "namespaces" => new NamespaceStrategy(),
        "nodes" => new KindStrategy { StatusCarriesLabels = true, KeepsFirstStatus = true },
        "persistentvolumes" => new KindStrategy { FirstPhase = "Pending", AnswersWithObject = true },
        "persistentvolumeclaims" => new KindStrategy { FirstPhase = "Pending", AnswersWithObject = true },
        "serviceaccounts" or "podtemplates" or "resourcequotas" => new KindStrategy { AnswersWithObject = true },
        "replicationcontrollers" or "jobs.batch" => new LegacyOrphanStrategy(),
        "deployments.apps" or "replicasets.apps" or "statefulsets.apps" or "daemonsets.apps" or "cronjobs.batch"
            or "ingresses.networking.k8s.io" or "networkpolicies.networking.k8s.io" or "poddisruptionbudgets.policy"
            or "endpointslices.discovery.k8s.io" or "flowschemas.flowcontrol.apiserver.k8s.io"
            or "prioritylevelconfigurations.flowcontrol.apiserver.k8s.io" or "ingressclasses.networking.k8s.io" => new GenerationStrategy(),
        "customresourcedefinitions.apiextensions.k8s.io" or "mutatingwebhookconfigurations.admissionregistration.k8s.io"
            or "validatingwebhookconfigurations.admissionregistration.k8s.io" => new KindStrategy { HasGeneration = true, IsConditional = true },
        "leases.coordination.k8s.io" or "csinodes.storage.k8s.io" or "csidrivers.storage.k8s.io" or "runtimeclasses.node.k8s.io"
            or "volumeattachments.storage.k8s.io" or "apiservices.apiregistration.k8s.io" => new KindStrategy { IsConditional = true },
        _ => ResourceStrategy.Default,
    };
}
