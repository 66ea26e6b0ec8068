using Coxswain.Api.Rbac.V1;
using static Coxswain.ApiServer.Authorization.Allow;

namespace Coxswain.ApiServer.Authorization;

/// <summary>What every node may at most; <see cref="NodeAuthorizer"/> narrows it to what concerns the node.</summary>
internal static class NodeRules
{
    private const string Certificates = "certificates.k8s.io";

    public static IReadOnlyList<PolicyRule> All { get; } =
    [
        .. Delegation,
        On("authorization.k8s.io", "localsubjectaccessreviews", "create"),
        On("core", "services", Read),
        On("core", "nodes", $"create {Read} patch update"),
        On("core", "nodes/status", "patch update"),
        Events,
        On("core", "pods", $"create delete {Read}"),
        On("core", "pods/status", "patch update"),
        On("core", "pods/eviction", "create"),
        On("core", "configmaps secrets", Read),
        On("core", "serviceaccounts", "get"),
        On("core", "persistentvolumeclaims persistentvolumes", "get"),
        On("core", "persistentvolumeclaims/status", "get patch update"),
        On("core", "endpoints", "get"),
        On(Certificates, "certificatesigningrequests", $"create {Read}"),
        On(Certificates, "clustertrustbundles", Read),
        On("coordination.k8s.io", "leases", "create delete get patch update"),
        On("storage.k8s.io", "csidrivers", Read),
        On("storage.k8s.io", "csinodes", "create delete get patch update"),
        On("core", "serviceaccounts/token", "create"),
        On("node.k8s.io", "runtimeclasses", Read),
    ];
}
