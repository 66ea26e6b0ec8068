using System.Text;
using System.Text.Json.Nodes;
using Coxswain.Api.Authentication.V1;
using Coxswain.Api.Core.V1;
using Coxswain.Api.Errors;
using Coxswain.Api.Json;
using Coxswain.ApiServer.Authorization;
using Coxswain.ApiServer.Documents;
using Coxswain.Store;

namespace Coxswain.ApiServer.Admission;

/// <summary>
/// A node changes itself and the Pods bound to it, and nobody else's: mirrors of its static Pods it may create, tokens it may
/// ask for only in the name of a Pod it runs, and its own labels and taints it may change only where that attracts no Pods.
/// </summary>
internal sealed class NodeRestriction(IStore store) : IAdmissionPlugin
{
    private const string MirrorAnnotation = "kubernetes.io/config.mirror";

    public async ValueTask ValidateAsync(AdmissionContext context, CancellationToken cancellationToken)
    {
        var request = context.Request;
        if (NodeAuthorizer.NodeOf(request.User) is not { } node)
        {
            return;
        }

        var refusal = request.Resource.QualifiedName switch
        {
            "pods" => await OfPodAsync(context, node, cancellationToken),
            "nodes" => OfNode(context, node),
            "persistentvolumeclaims" when request.Subresource != "status" => "may only update PVC status",
            "serviceaccounts" when request.Subresource == "token" => await OfTokenAsync(context, node, cancellationToken),
            "leases.coordination.k8s.io" when request.Namespace != "kube-node-lease" =>
                "can only access leases in the \"kube-node-lease\" system namespace",
            "leases.coordination.k8s.io" when NameIn(context) != node => "can only access node lease with the same name as the requesting node",
            "csinodes.storage.k8s.io" when NameIn(context) != node => "can only access CSINode with the same name as the requesting node",
            _ => null,
        };
        if (refusal is not null)
        {
            throw new KubeStatusException(Statuses.Forbidden(request.Resource.QualifiedName, request.Name, refusal));
        }
    }

    private static string NameIn(AdmissionContext context) =>
        context.Operation == AdmissionOperation.Create && context.Document is { } document
            ? document.Metadata().Text("name") : context.Request.Name;

    private async ValueTask<string?> OfPodAsync(AdmissionContext context, string node, CancellationToken cancellationToken)
    {
        // An eviction carries no Pod: the one it names counts.
        var pod = context.Request.Subresource != "eviction" ? context.Old ?? context.Document
            : await store.GetAsync(context.Request.Key, cancellationToken) is { } entry ? Document.Decode(entry.Value) : null;
        var isOwn = pod?.TextAt("spec", "nodeName") == node;
        return (context.Operation, context.Request.Subresource) switch
        {
            (AdmissionOperation.Create, "") when context.Document is { } created => await OfMirrorAsync(created, node, cancellationToken),
            (AdmissionOperation.Update, "status") when !isOwn => $"node \"{node}\" can only update pod status for pods with spec.nodeName set to itself",
            (AdmissionOperation.Delete, "") when !isOwn => $"node \"{node}\" can only delete pods with spec.nodeName set to itself",
            (AdmissionOperation.Update, "status") or (AdmissionOperation.Delete, "") => null,
            (_, "eviction") when !isOwn => $"node \"{node}\" can only evict pods with spec.nodeName set to itself",
            (_, "eviction") => null,
            _ => $"unexpected operation {context.Operation} on pods, subresource \"{context.Request.Subresource}\"",
        };
    }

    private async ValueTask<string?> OfMirrorAsync(JsonObject document, string node, CancellationToken cancellationToken)
    {
        var pod = KubeJson.Deserialize<Pod>(Encoding.UTF8.GetBytes(document.ToJsonString()));
        if (!pod.Metadata.Annotations.ContainsKey(MirrorAnnotation))
        {
            return $"pod does not have \"{MirrorAnnotation}\" annotation, node \"{node}\" can only create mirror pods";
        }

        if (pod.Spec.NodeName != node)
        {
            return $"node \"{node}\" can only create pods with spec.nodeName set to itself";
        }

        if (pod.Metadata.OwnerReferences is not [{ ApiVersion: "v1", Kind: "Node", Controller: true, BlockOwnerDeletion: not true } owner] || owner.Name != node)
        {
            return $"node \"{node}\" can only create pods with a single owner reference set to itself";
        }

        var entry = await store.GetAsync($"/registry/core/nodes/{node}", cancellationToken);
        if (entry is null || StoredObject.ReadMetadata(entry).Uid != owner.Uid)
        {
            return $"node \"{node}\" can only create pods with an owner reference that has its own UID";
        }

        return PodReferences.Of(pod).Select(reference => reference.Resource).FirstOrDefault() is { } resource
            ? $"node \"{node}\" can not create pods that reference {resource}" : null;
    }

    private static string? OfNode(AdmissionContext context, string node)
    {
        if (NameIn(context) != node)
        {
            return $"node \"{node}\" is not allowed to modify node \"{NameIn(context)}\"";
        }

        if (context.Document is not { } document)
        {
            return null;
        }

        var labels = NodeLabels.Refused(LabelsOf(context.Old), LabelsOf(document)).ToList();
        if (labels.Count > 0)
        {
            return $"is not allowed to modify labels: {string.Join(", ", labels)}";
        }

        if (context.Old is { } old)
        {
            if (!JsonEquality.Equal(document.Metadata()["ownerReferences"], old.Metadata()["ownerReferences"]))
            {
                return $"node \"{node}\" is not allowed to modify ownerReferences";
            }

            if (!JsonEquality.Equal(document.Object("spec")?["taints"], old.Object("spec")?["taints"]))
            {
                return $"node \"{node}\" is not allowed to modify taints";
            }
        }

        return null;
    }

    private static Dictionary<string, string> LabelsOf(JsonObject? document) =>
        (document?.Metadata().Object("labels") ?? []).ToDictionary(label => label.Key, label => (string?)label.Value ?? "", StringComparer.Ordinal);

    private async ValueTask<string?> OfTokenAsync(AdmissionContext context, string node, CancellationToken cancellationToken)
    {
        if (context.Document is not { } body)
        {
            return "token request without a body";
        }

        var spec = KubeJson.Deserialize<TokenRequest>(Encoding.UTF8.GetBytes(body.ToJsonString())).Spec;
        if (spec.BoundObjectRef is not { Kind: "Pod", ApiVersion: "v1" or "", Name.Length: > 0, Uid.Length: > 0 } bound)
        {
            return $"node \"{node}\" can only request tokens bound to a pod, by its name and UID";
        }

        var entry = await store.GetAsync($"/registry/core/pods/{context.Request.Namespace}/{bound.Name}", cancellationToken);
        if (entry is null)
        {
            return $"the pod \"{bound.Name}\" that the token is to be bound to is not there";
        }

        var pod = KubeJson.Deserialize<Pod>(entry.Value.Span);
        if (pod.Metadata.Uid != bound.Uid)
        {
            return $"the UID in the bound object reference ({bound.Uid}) does not match the UID in record ({pod.Metadata.Uid})";
        }

        if (pod.Spec.NodeName != node)
        {
            return $"node requested token bound to a pod scheduled on a different node";
        }

        var wanted = spec.Audiences.Where(audience => audience.Length > 0).Except(AudiencesOf(pod), StringComparer.Ordinal).FirstOrDefault();
        return wanted is null ? null : $"audience \"{wanted}\" not found in pod spec volume";
    }

    /// <summary>Those of the tokens the Pod mounts; the server's own is what a mount without one means.</summary>
    private static IEnumerable<string> AudiencesOf(Pod pod) =>
    [
        Authentication.ServiceAccountTokens.Issuer,
        .. pod.Spec.Volumes.SelectMany(volume => volume.Projected?.Sources ?? [])
            .Select(source => source.ServiceAccountToken?.Audience ?? "").Where(audience => audience.Length > 0),
    ];
}
