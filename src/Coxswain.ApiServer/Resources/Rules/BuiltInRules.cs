using Coxswain.Api;

namespace Coxswain.ApiServer.Resources.Rules;

/// <summary>The rules of the built-in kinds.</summary>
internal static class BuiltInRules
{
    public static ResourceStrategy Of(ApiResource resource, ServiceStrategy services) => resource.QualifiedName switch
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
