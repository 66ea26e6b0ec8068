using Coxswain.Api.Rbac.V1;
using static Coxswain.ApiServer.Authorization.Allow;
using static Coxswain.ApiServer.Bootstrap.BootstrapPolicy;

namespace Coxswain.ApiServer.Bootstrap;

/// <summary>
/// One role a controller, <c>system:controller:NAME</c>, bound to its account NAME in <c>kube-system</c>. Reading is mostly done
/// through the caches of the controller manager, so the roles say chiefly what each may change.
/// </summary>
internal static class ControllerRoles
{
    private const string Prefix = "system:controller:";
    private const string Certificates = "certificates.k8s.io";
    private const string Manage = "create delete get list patch update watch";

    public static IEnumerable<ClusterRole> All() => Rules().Select(controller => Role(Prefix + controller.Name, controller.Rules));

    public static IEnumerable<ClusterRoleBinding> Bindings() =>
        Rules().Select(controller => Bind(Prefix + controller.Name, Account(controller.Name)));

    private static IEnumerable<(string Name, PolicyRule[] Rules)> Rules() =>
    [
        .. Workloads(), .. Nodes(), .. Network(), .. Storage(), .. Cluster(),
    ];

    private static IEnumerable<(string Name, PolicyRule[] Rules)> Workloads() =>
    [
        ("deployment-controller",
        [
            On("apps", "deployments", $"{Read} update"),
            On("apps", "deployments/finalizers deployments/status", "update"),
            On("apps", "replicasets", Manage),
            On("core", "pods", $"{Read} update"),
            Events,
        ]),
        ("replicaset-controller",
        [
            On("apps", "replicasets", $"{Read} update"),
            On("apps", "replicasets/finalizers replicasets/status", "update"),
            On("core", "pods", "create delete list patch watch"),
            Events,
        ]),
        ("replication-controller",
        [
            On("core", "replicationcontrollers", $"{Read} update"),
            On("core", "replicationcontrollers/finalizers replicationcontrollers/status", "update"),
            On("core", "pods", "create delete list patch watch"),
            Events,
        ]),
        ("statefulset-controller",
        [
            On("apps", "statefulsets", Read),
            On("apps", "statefulsets/finalizers statefulsets/status", "update"),
            On("core", "pods", Manage),
            On("core", "pods/finalizers", "update"),
            On("apps", "controllerrevisions", Manage),
            On("core", "persistentvolumeclaims", "create delete get list update watch"),
            Events,
        ]),
        ("daemon-set-controller",
        [
            On("apps", "daemonsets", Read),
            On("apps", "daemonsets/finalizers daemonsets/status", "update"),
            On("core", "nodes", "list watch"),
            On("core", "pods", "create delete list patch watch"),
            On("core", "pods/binding", "create"),
            On("apps", "controllerrevisions", Manage),
            Events,
        ]),
        ("job-controller",
        [
            On("batch", "jobs", $"{Read} patch update"),
            On("batch", "jobs/finalizers jobs/status", "update"),
            On("core", "pods", "create delete list patch watch"),
            Events,
        ]),
        ("cronjob-controller",
        [
            On("batch", "cronjobs", $"{Read} update"),
            On("batch", "jobs", Manage),
            On("batch", "cronjobs/finalizers cronjobs/status", "update"),
            On("core", "pods", "delete list watch"),
            Events,
        ]),
        ("ttl-after-finished-controller", [On("batch", "jobs", $"delete {Read}"), Events]),
        ("horizontal-pod-autoscaler",
        [
            On("autoscaling", "horizontalpodautoscalers", Read),
            On("autoscaling", "horizontalpodautoscalers/status", "update"),
            On("*", "*/scale", "get update"),
            On("core", "pods", "list watch"),
            On("metrics.k8s.io", "pods", "list watch"),
            On("custom.metrics.k8s.io external.metrics.k8s.io", "*", Read),
            Events,
        ]),
        ("disruption-controller",
        [
            On("apps", "deployments replicasets statefulsets", Read),
            On("core", "replicationcontrollers", Read),
            On("policy", "poddisruptionbudgets", Read),
            On("policy", "poddisruptionbudgets/status", "update"),
            On("core", "pods/status", "patch update"),
            On("*", "*/scale", "get"),
            Events,
        ]),
        ("resource-claim-controller",
        [
            On("core", "pods", Read),
            On("core", "pods/finalizers", "update"),
            On("resource.k8s.io", "resourceclaims", Manage),
            On("resource.k8s.io", "resourceclaims/status", "patch update"),
            On("core", "pods/status", "patch update"),
            Events,
        ]),
    ];

    private static IEnumerable<(string Name, PolicyRule[] Rules)> Nodes() =>
    [
        // Also evicts Pods from nodes whose taints they do not tolerate.
        ("node-controller",
        [
            On("core", "nodes", $"delete {Read} patch update"),
            On("core", "nodes/status pods/status", "patch update"),
            On("core", "pods", $"delete {Read}"),
            Events,
        ]),
        ("pod-garbage-collector",
        [
            On("core", "pods", "delete list watch"),
            On("core", "nodes", Read),
            On("core", "pods/status", "patch update"),
        ]),
        ("ttl-controller", [On("core", "nodes", "list patch update watch"), Events]),
        ("route-controller", [On("core", "nodes", "list watch"), On("core", "nodes/status", "patch"), Events]),
    ];

    private static IEnumerable<(string Name, PolicyRule[] Rules)> Network() =>
    [
        ("endpoint-controller",
        [
            On("core", "pods services", Read),
            On("core", "endpoints", "create delete get list update watch"),
            On("core", "endpoints/restricted", "create"),
            Events,
        ]),
        ("endpointslice-controller",
        [
            On("core", "nodes pods services", Read),
            On("core", "services/finalizers", "update"),
            On("discovery.k8s.io", "endpointslices", "create delete get list update watch"),
            Events,
        ]),
        ("endpointslicemirroring-controller",
        [
            On("core", "endpoints services", Read),
            On("core", "endpoints/finalizers services/finalizers", "update"),
            On("discovery.k8s.io", "endpointslices", "create delete get list update watch"),
            Events,
        ]),
        ("service-controller",
        [
            On("core", "services", Read),
            On("core", "services/status", "patch update"),
            On("core", "nodes", "list watch"),
            Events,
        ]),
        ("service-cidrs-controller",
        [
            On("networking.k8s.io", "servicecidrs", $"{Read} patch update"),
            On("networking.k8s.io", "servicecidrs/finalizers servicecidrs/status", "patch update"),
            On("networking.k8s.io", "ipaddresses", Read),
            Events,
        ]),
    ];

    private static IEnumerable<(string Name, PolicyRule[] Rules)> Storage() =>
    [
        ("persistent-volume-binder",
        [
            On("core", "persistentvolumes", "create delete get list update watch"),
            On("core", "persistentvolumeclaims/status persistentvolumes/status", "update"),
            On("core", "persistentvolumeclaims", $"{Read} update"),
            On("core", "pods", "create delete get list watch"),
            On("storage.k8s.io", "storageclasses", Read),
            On("core", "nodes", "list watch"),
            On("core", "events", "watch"),
            On("core", "services", "get"),
            Events,
        ]),
        ("attachdetach-controller",
        [
            On("core", "persistentvolumeclaims persistentvolumes pods", "list watch"),
            On("core", "nodes", Read),
            On("core", "nodes/status", "patch update"),
            On("storage.k8s.io", "volumeattachments", "create delete get list watch"),
            On("storage.k8s.io", "csidrivers csinodes", Read),
            Events,
        ]),
        ("expand-controller",
        [
            On("core", "persistentvolumes", $"{Read} patch update"),
            On("core", "persistentvolumeclaims/status", "patch update"),
            On("core", "persistentvolumeclaims", Read),
            On("core", "services", "get"),
            Events,
        ]),
        ("ephemeral-volume-controller",
        [
            On("core", "pods", Read),
            On("core", "pods/finalizers", "update"),
            On("core", "persistentvolumeclaims", $"create {Read}"),
            Events,
        ]),
        ("pvc-protection-controller", [On("core", "persistentvolumeclaims", $"{Read} update"), On("core", "pods", Read), Events]),
        ("pv-protection-controller", [On("core", "persistentvolumes", $"{Read} update"), Events]),
        ("volumeattributesclass-protection-controller",
        [
            On("core", "persistentvolumeclaims persistentvolumes", Read),
            On("storage.k8s.io", "volumeattributesclasses", $"{Read} update"),
            Events,
        ]),
        ("selinux-warning-controller",
        [
            On("core", "persistentvolumeclaims persistentvolumes pods", Read),
            On("storage.k8s.io", "csidrivers", Read),
            Events,
        ]),
    ];

    private static IEnumerable<(string Name, PolicyRule[] Rules)> Cluster() =>
    [
        ("generic-garbage-collector", [On("*", "*", $"delete {Read} patch update"), Events]),
        ("namespace-controller",
        [
            On("core", "namespaces", $"delete {Read}"),
            On("core", "namespaces/finalize namespaces/status", "update"),
            On("*", "*", $"delete deletecollection {Read}"),
        ]),
        ("resourcequota-controller", [On("*", "*", "list watch"), On("core", "resourcequotas/status", "update"), Events]),
        ("service-account-controller", [On("core", "serviceaccounts", "create"), Events]),
        ("root-ca-cert-publisher", [On("core", "configmaps", "create update"), Events]),
        ("clusterrole-aggregation-controller", [On("rbac.authorization.k8s.io", "clusterroles", $"escalate {Read} patch update")]),
        ("certificate-controller",
        [
            On(Certificates, "certificatesigningrequests", $"delete {Read}"),
            On(Certificates, "certificatesigningrequests/approval certificatesigningrequests/status", "update"),
            OnNamed(Certificates, "signers", "kubernetes.io/kube-apiserver-client-kubelet", "approve"),
            OnNamed(Certificates, "signers", "kubernetes.io/kube-apiserver-client kubernetes.io/kube-apiserver-client-kubelet"
                + " kubernetes.io/kubelet-serving kubernetes.io/legacy-unknown", "sign"),
            On("authorization.k8s.io", "subjectaccessreviews", "create"),
            Events,
        ]),
        ("validatingadmissionpolicy-status-controller",
        [
            On("admissionregistration.k8s.io", "validatingadmissionpolicies", Read),
            On("admissionregistration.k8s.io", "validatingadmissionpolicies/status", "get patch update"),
            Events,
        ]),
        ("legacy-service-account-token-cleaner",
        [
            OnNamed("core", "configmaps", "kube-apiserver-legacy-service-account-token-tracking", "get"),
            On("core", "secrets", "delete patch"),
        ]),
    ];
}
