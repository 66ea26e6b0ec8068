using Coxswain.Api.Rbac.V1;
using Coxswain.ApiServer.Authorization;
using Coxswain.ApiServer.Certificates;
using static Coxswain.ApiServer.Authorization.Allow;
using static Coxswain.ApiServer.Bootstrap.BootstrapPolicy;

namespace Coxswain.ApiServer.Bootstrap;

/// <summary>The roles of the cluster's parts that are not controllers, and of the programs that are commonly installed beside them.</summary>
internal static class ComponentRoles
{
    private const string DnsKeeper = "system:cluster-dns";
    private const string IngressController = "system:ingress-nginx";
    private const string PolicyEnforcer = "system:network-policy";
    private const string AuthenticationReader = "extension-apiserver-authentication-reader";
    private const string Certificates = "certificates.k8s.io";

    public static IEnumerable<ClusterRole> All() =>
    [
        Role("system:kube-scheduler", Scheduler),
        Role(
            "system:volume-scheduler",
            On("core", "persistentvolumes", $"{Read} patch update"),
            On("storage.k8s.io", "storageclasses", Read),
            On("core", "persistentvolumeclaims", $"{Read} patch update")),
        Role("system:kube-controller-manager", ControllerManager),
        Role(
            "system:node-proxier",
            On("core", "endpoints services", "list watch"),
            On("core", "nodes", Read),
            On("discovery.k8s.io", "endpointslices", "list watch"),
            On("networking.k8s.io", "servicecidrs", "list watch"),
            Events),
        Role("system:kube-dns", On("core", "endpoints services", "list watch")),
        Role(
            "system:coredns",
            On("core", "endpoints services pods namespaces", "list watch"),
            On("discovery.k8s.io", "endpointslices", "list watch")),
        Role(
            PolicyEnforcer,
            On("core", "namespaces pods", "list watch"),
            On("networking.k8s.io", "networkpolicies", "list watch")),
        Role(
            IngressController,
            On("core", "endpoints secrets services", "list watch"),
            On("discovery.k8s.io", "endpointslices", "list watch"),
            On("networking.k8s.io", "ingresses ingressclasses", Read),
            On("networking.k8s.io", "ingresses/status", "patch update"),
            Events),
        Role("system:node", NodeRules.All),
        Role("system:node-bootstrapper", On(Certificates, "certificatesigningrequests", $"create {Read}")),
        Role("system:node-problem-detector", On("core", "nodes", "get"), On("core", "nodes/status", "patch"), Events),
        Role(
            "system:kubelet-api-admin",
            On("core", "nodes", $"{Read} proxy"),
            On("core", "nodes/configz nodes/healthz nodes/log nodes/metrics nodes/pods nodes/proxy nodes/spec nodes/stats", "*")),
        Role("system:auth-delegator", Delegation),
        Role("system:kube-aggregator", On("core", "endpoints services", Read)),
        Role(
            "system:persistent-volume-provisioner",
            On("core", "persistentvolumes", $"create delete {Read}"),
            On("core", "persistentvolumeclaims", $"{Read} update"),
            On("storage.k8s.io", "storageclasses", Read),
            On("core", "events", "watch"),
            Events),
        Role(
            "system:heapster",
            On("core", "events namespaces nodes pods", Read),
            On("extensions", "deployments", Read)),
        Role("system:certificates.k8s.io:certificatesigningrequests:nodeclient", On(Certificates, "certificatesigningrequests/nodeclient", "create")),
        Role(
            "system:certificates.k8s.io:certificatesigningrequests:selfnodeclient",
            On(Certificates, "certificatesigningrequests/selfnodeclient", "create")),
        Approver("kube-apiserver-client"),
        Approver("kube-apiserver-client-kubelet"),
        Approver("kubelet-serving"),
        Approver("legacy-unknown"),
    ];

    public static IEnumerable<ClusterRoleBinding> Bindings() =>
    [
        Bind("system:kube-scheduler", User("system:kube-scheduler")),
        Bind("system:volume-scheduler", User("system:kube-scheduler")),
        Bind("system:kube-controller-manager", User("system:kube-controller-manager")),
        Bind("system:node-proxier", User("system:kube-proxy")),
        Bind("system:kube-dns", Account("kube-dns")),
        Bind("system:coredns", Account("coredns"), Account("kube-dns"), User("system:kube-dns")),
        Bind(IngressController, Account("ingress-nginx")),
        Bind(PolicyEnforcer, Account("network-policy")),
        Bind("system:kubelet-api-admin", User(ClusterPki.NodeClientUser)),
        
        // Nodes have their rights from their authorizer; what is bound here would be beside it.
        Bind("system:node"),
    ];

    public static IEnumerable<Role> Namespaced() =>
    [
        RoleInSystem(AuthenticationReader, OnNamed("core", "configmaps", "extension-apiserver-authentication", Read)),

        // Who serves the cluster's names also sees that their Service is there.
        RoleInSystem(
            DnsKeeper,
            On("core", "services", "create"),
            On("discovery.k8s.io", "endpointslices", "create"),
            OnNamed("core", "services", "kube-dns", "get patch update"),
            OnNamed("discovery.k8s.io", "endpointslices", "kube-dns", "get patch update")),
    ];

    public static IEnumerable<RoleBinding> NamespacedBindings() =>
    [
        BindInSystem(
            $"system::{AuthenticationReader}", AuthenticationReader, User("system:kube-controller-manager"), User("system:kube-scheduler")),
        BindInSystem(DnsKeeper, DnsKeeper, Account("kube-dns"), User("system:kube-dns")),
    ];

    private static PolicyRule[] Scheduler =>
    [
        Events,
        On("coordination.k8s.io", "leases", "create"),
        OnNamed("coordination.k8s.io", "leases", "kube-scheduler", "get update"),
        On("core", "nodes", Read),
        On("core", "pods", $"delete {Read}"),
        On("core", "bindings pods/binding", "create"),
        On("core", "pods/status", "patch update"),
        On("core", "replicationcontrollers services", Read),
        On("apps", "replicasets statefulsets", Read),
        On("policy", "poddisruptionbudgets", Read),
        On("core", "persistentvolumeclaims persistentvolumes", Read),
        .. Delegation,
        On("storage.k8s.io", "csidrivers csinodes csistoragecapacities", Read),
        On("core", "namespaces", Read),
        On("resource.k8s.io", "deviceclasses resourceslices", Read),
        On("resource.k8s.io", "resourceclaims", $"{Read} patch update"),
        On("resource.k8s.io", "resourceclaims/status", $"{Read} patch update"),
        On("core", "pods/finalizers", "update"),
    ];

    private static PolicyRule[] ControllerManager =>
    [
        Events,
        On("coordination.k8s.io", "leases", "create"),
        OnNamed("coordination.k8s.io", "leases", "kube-controller-manager", "get update"),
        On("core", "secrets serviceaccounts", "create get update"),
        On("core", "secrets", "delete"),
        On("core", "configmaps namespaces", "get"),
        .. Delegation,

        // The caches that all controllers share.
        On("*", "*", "list watch"),
        On("core", "serviceaccounts/token", "create"),
    ];

    private static ClusterRole Approver(string signer) => Role(
        $"system:certificates.k8s.io:{signer}-approver", OnNamed(Certificates, "signers", $"kubernetes.io/{signer}", "approve"));
}
