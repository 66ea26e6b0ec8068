using Coxswain.Api;
using Coxswain.Api.Resources;
using Coxswain.ApiServer.Resources;

namespace Coxswain.ApiServer.Conversion;

/// <summary>The versions that are served beside the stored ones. Another one is an entry here, a converter and its facts.</summary>
internal static class OtherVersions
{
    private static readonly SameShape Same = new();
    private static readonly OldWorkloadConverter OnDelete = new(OldWorkloadDefaults.OnDelete);
    private static readonly OldWorkloadConverter Plain = new(OldWorkloadDefaults.Nothing);
    private static readonly IngressBetaConverter IngressBeta = new();

    public static IReadOnlyList<OtherVersion> All { get; } =
    [
        Of("autoscaling/v1", "autoscaling/v2", "HorizontalPodAutoscaler", new AutoscalingV1Converter()),
        Of("events.k8s.io/v1", "v1", "Event", new EventsV1Converter()),

        Old("extensions/v1beta1", "apps/v1", "Deployment", new OldWorkloadConverter(OldWorkloadDefaults.FirstDeployment)),
        Old("extensions/v1beta1", "apps/v1", "ReplicaSet", Plain),
        Old("extensions/v1beta1", "apps/v1", "DaemonSet", OnDelete),
        Old("apps/v1beta1", "apps/v1", "Deployment", new OldWorkloadConverter(OldWorkloadDefaults.SecondDeployment)),
        Old("apps/v1beta1", "apps/v1", "StatefulSet", OnDelete),
        Old("apps/v1beta1", "apps/v1", "ControllerRevision", Same),
        Old("apps/v1beta2", "apps/v1", "Deployment", Same),
        Old("apps/v1beta2", "apps/v1", "ReplicaSet", Same),
        Old("apps/v1beta2", "apps/v1", "DaemonSet", Same),
        Old("apps/v1beta2", "apps/v1", "StatefulSet", Same),
        Old("apps/v1beta2", "apps/v1", "ControllerRevision", Same),
        Old("extensions/v1beta1", "networking.k8s.io/v1", "Ingress", IngressBeta),
        Old("networking.k8s.io/v1beta1", "networking.k8s.io/v1", "Ingress", IngressBeta),
        Old("networking.k8s.io/v1beta1", "networking.k8s.io/v1", "IngressClass", Same),
        Old("extensions/v1beta1", "networking.k8s.io/v1", "NetworkPolicy", Same),
        Old("batch/v1beta1", "batch/v1", "CronJob", Same),
        Old("policy/v1beta1", "policy/v1", "PodDisruptionBudget", new DisruptionBudgetBetaConverter()),
        Old("rbac.authorization.k8s.io/v1beta1", "rbac.authorization.k8s.io/v1", "Role", Same),
        Old("rbac.authorization.k8s.io/v1beta1", "rbac.authorization.k8s.io/v1", "RoleBinding", Same),
        Old("rbac.authorization.k8s.io/v1beta1", "rbac.authorization.k8s.io/v1", "ClusterRole", Same),
        Old("rbac.authorization.k8s.io/v1beta1", "rbac.authorization.k8s.io/v1", "ClusterRoleBinding", Same),
        Old("autoscaling/v2beta1", "autoscaling/v2", "HorizontalPodAutoscaler", new AutoscalingBetaConverter()),
        Old("autoscaling/v2beta2", "autoscaling/v2", "HorizontalPodAutoscaler", Same),
        Old("storage.k8s.io/v1beta1", "storage.k8s.io/v1", "StorageClass", Same),
        Old("storage.k8s.io/v1beta1", "storage.k8s.io/v1", "CSIDriver", Same),
        Old("storage.k8s.io/v1beta1", "storage.k8s.io/v1", "CSINode", Same),
        Old("storage.k8s.io/v1beta1", "storage.k8s.io/v1", "VolumeAttachment", Same),
        Old("discovery.k8s.io/v1beta1", "discovery.k8s.io/v1", "EndpointSlice", new EndpointSliceBetaConverter()),
        Old("events.k8s.io/v1beta1", "v1", "Event", new EventsV1Converter()),
        Old("certificates.k8s.io/v1beta1", "certificates.k8s.io/v1", "CertificateSigningRequest", new CertificateRequestBetaConverter()),
        Old("coordination.k8s.io/v1beta1", "coordination.k8s.io/v1", "Lease", Same),
        Old("scheduling.k8s.io/v1beta1", "scheduling.k8s.io/v1", "PriorityClass", Same),
        Old("node.k8s.io/v1beta1", "node.k8s.io/v1", "RuntimeClass", Same),
        Old("apiregistration.k8s.io/v1beta1", "apiregistration.k8s.io/v1", "APIService", Same),
        Old("admissionregistration.k8s.io/v1beta1", "admissionregistration.k8s.io/v1", "MutatingWebhookConfiguration", new WebhookBetaConverter()),
        Old("admissionregistration.k8s.io/v1beta1", "admissionregistration.k8s.io/v1", "ValidatingWebhookConfiguration", new WebhookBetaConverter()),
        Old("apiextensions.k8s.io/v1beta1", "apiextensions.k8s.io/v1", "CustomResourceDefinition", new DefinitionBetaConverter()),
    ];

    private static OtherVersion Of(string apiVersion, string stored, string kind, IVersionConverter converter)
    {
        var shown = new ObjectKind(apiVersion, kind);
        var storage = new ObjectKind(stored, kind);
        return new OtherVersion(ApiResources.Find(shown) ?? ApiResources.OtherVersion(shown, storage), storage, converter);
    }

    /// <summary>A version of before, whose users are told of today's.</summary>
    private static OtherVersion Old(string apiVersion, string stored, string kind, IVersionConverter converter)
    {
        var other = Of(apiVersion, stored, kind, converter);

        // Short names and categories are today's, or everything would be listed twice.
        return other with
        {
            Resource = other.Resource with { ShortNames = [], Categories = [] },
            Deprecation = $"{apiVersion} {kind} is deprecated; use {stored} {kind}",
        };
    }
}
