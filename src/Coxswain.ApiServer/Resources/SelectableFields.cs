using System.Collections.Frozen;

namespace Coxswain.ApiServer.Resources;

/// <summary>The fields that selectors may name, beside metadata.name and metadata.namespace; those Kubernetes supports.</summary>
internal static class SelectableFields
{
    private static readonly FrozenDictionary<string, string[]> ByResource = new Dictionary<string, string[]>
    {
        ["pods"] = ["spec.nodeName", "spec.restartPolicy", "spec.schedulerName", "spec.serviceAccountName", "spec.hostNetwork", "status.phase", "status.podIP", "status.nominatedNodeName"],
        ["events"] =
        [
            "involvedObject.kind", "involvedObject.namespace", "involvedObject.name", "involvedObject.uid", "involvedObject.apiVersion",
            "involvedObject.resourceVersion", "involvedObject.fieldPath", "reason", "reportingComponent", "source", "type",
        ],
        ["events.events.k8s.io"] =
        [
            "regarding.kind", "regarding.namespace", "regarding.name", "regarding.uid", "regarding.apiVersion", "regarding.resourceVersion",
            "regarding.fieldPath", "reason", "reportingController", "type",
        ],
        ["secrets"] = ["type"],
        ["nodes"] = ["spec.unschedulable"],
        ["namespaces"] = ["status.phase"],
        ["services"] = ["spec.clusterIP", "spec.type"],
        ["replicationcontrollers"] = ["status.replicas"],
        ["replicasets.apps"] = ["status.replicas"],
        ["jobs.batch"] = ["status.successful"],
        ["certificatesigningrequests.certificates.k8s.io"] = ["spec.signerName"],
    }.ToFrozenDictionary();

    public static bool Contains(ServedResource resource, string field) =>
        field == "metadata.name" || (field == "metadata.namespace" && resource.Resource.Namespaced)
        || (ByResource.TryGetValue(resource.QualifiedName, out var fields) && fields.Contains(field));

    /// <summary>Where a field lies in the stored document, when that is elsewhere.</summary>
    public static string PathOf(string field) => field switch
    {
        "source" => "source.component",
        "status.successful" => "status.succeeded",
        _ => field,
    };

    /// <summary>What an absent field equals: numbers and booleans have a zero.</summary>
    public static string ZeroOf(string field) => field switch
    {
        "spec.unschedulable" or "spec.hostNetwork" => "false",
        "status.replicas" or "status.successful" => "0",
        _ => "",
    };
}
