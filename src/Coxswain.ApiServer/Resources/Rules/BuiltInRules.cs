using Coxswain.Api.Apps.V1;
using Coxswain.Api.Autoscaling.V2;
using Coxswain.Api.Batch.V1;
using Coxswain.Api.Coordination.V1;
using Coxswain.Api.Core.V1;
using Coxswain.Api.Discovery.V1;
using Coxswain.Api.Networking.V1;
using Coxswain.Api.Policy.V1;
using Coxswain.Api.Rbac.V1;
using Coxswain.Api.Scheduling.V1;
using Coxswain.Api.Storage.V1;
using Coxswain.ApiServer.Cells;
using V1Node = Coxswain.Api.Core.V1.Node;

namespace Coxswain.ApiServer.Resources.Rules;

/// <summary>The rules of the built-in kinds, by resource; a kind that is not here has those every kind has.</summary>
internal static class BuiltInRules
{
    /// <param name="others">Those that are kept with what they are about.</param>
    public static IReadOnlyDictionary<string, ResourceRules> All(
        ServiceRules services, IEnumerable<KeyValuePair<string, ResourceRules>> others) => new Dictionary<string, ResourceRules>(others, StringComparer.Ordinal)
    {
        ["pods"] = new PodRules(),
        ["services"] = services,
        ["namespaces"] = new NamespaceRules(),
        ["nodes"] = new KindRules<V1Node>(CoreCells.Cell)
        {
            StatusCarriesLabels = true, KeepsFirstStatus = true, Selectable = [SelectableField.At("spec.unschedulable", "false")],
        },
        ["persistentvolumes"] = new KindRules<PersistentVolume>(CoreCells.Cell) { FirstPhase = "Pending", AnswersWithObject = true },
        ["persistentvolumeclaims"] =
            new KindRules<PersistentVolumeClaim>(CoreCells.Cell) { FirstPhase = "Pending", AnswersWithObject = true },
        ["serviceaccounts"] = new KindRules<ServiceAccount>(CoreCells.Cell) { AnswersWithObject = true },
        ["podtemplates"] = new KindRules<PodTemplate>(WorkloadCells.Cell) { AnswersWithObject = true, CreatesOnUpdate = true },
        ["resourcequotas"] = new KindRules { AnswersWithObject = true },
        ["limitranges"] = new KindRules { CreatesOnUpdate = true },
        ["configmaps"] = new KindRules<ConfigMap>(CoreCells.Cell),
        ["secrets"] = new KindRules<Secret>(CoreCells.Cell) { Selectable = [SelectableField.At("type")] },
        ["endpoints"] = new KindRules<Endpoints>(NetworkCells.Cell) { CreatesOnUpdate = true },
        ["events"] = new KindRules<Event>(CoreCells.Cell)
        {
            CreatesOnUpdate = true,
            Selectable =
            [
                SelectableField.At("involvedObject.kind"), SelectableField.At("involvedObject.namespace"), SelectableField.At("involvedObject.name"),
                SelectableField.At("involvedObject.uid"), SelectableField.At("involvedObject.apiVersion"),
                SelectableField.At("involvedObject.resourceVersion"), SelectableField.At("involvedObject.fieldPath"), SelectableField.At("reason"),
                SelectableField.At("reportingComponent"), new SelectableField("source", "source.component"), SelectableField.At("type"),
            ],
        },
        ["replicationcontrollers"] = new KindRules<ReplicationController>(WorkloadCells.Cell)
        {
            HasGeneration = true, OrphansByDefault = true, Selectable = [SelectableField.At("status.replicas", "0")],
        },
        ["jobs.batch"] = new JobRules(),
        ["cronjobs.batch"] = new KindRules<CronJob>(WorkloadCells.Cell) { HasGeneration = true },
        ["controllerrevisions.apps"] = new KindRules<ControllerRevision>(WorkloadCells.Cell),
        ["deployments.apps"] = new KindRules<Deployment>(WorkloadCells.Cell) { HasGeneration = true },
        ["replicasets.apps"] = new KindRules<ReplicaSet>(WorkloadCells.Cell)
        {
            HasGeneration = true, Selectable = [SelectableField.At("status.replicas", "0")],
        },
        ["statefulsets.apps"] = new KindRules<StatefulSet>(WorkloadCells.Cell) { HasGeneration = true },
        ["daemonsets.apps"] = new DaemonSetRules(),
        ["horizontalpodautoscalers.autoscaling"] = new KindRules<HorizontalPodAutoscaler>(ClusterCells.Cell),
        ["poddisruptionbudgets.policy"] = new KindRules<PodDisruptionBudget>(ClusterCells.Cell) { HasGeneration = true },
        ["ingresses.networking.k8s.io"] = new KindRules<Ingress>(NetworkCells.Cell) { HasGeneration = true },
        ["ingressclasses.networking.k8s.io"] = new KindRules<IngressClass>(NetworkCells.Cell) { HasGeneration = true },
        ["networkpolicies.networking.k8s.io"] = new KindRules<NetworkPolicy>(NetworkCells.Cell) { HasGeneration = true },
        ["endpointslices.discovery.k8s.io"] = new KindRules<EndpointSlice>(NetworkCells.Cell) { HasGeneration = true },
        ["priorityclasses.scheduling.k8s.io"] = new KindRules<PriorityClass>(ClusterCells.Cell),
        ["storageclasses.storage.k8s.io"] = new KindRules<StorageClass>(ClusterCells.Cell) { Name = ClusterCells.Name },
        ["leases.coordination.k8s.io"] = new KindRules<Lease>(ClusterCells.Cell) { IsConditional = true, CreatesOnUpdate = true },
        ["roles.rbac.authorization.k8s.io"] = new KindRules { CreatesOnUpdate = true },
        ["clusterroles.rbac.authorization.k8s.io"] = new KindRules { CreatesOnUpdate = true },
        ["rolebindings.rbac.authorization.k8s.io"] = new KindRules<RoleBinding>(ClusterCells.Cell) { CreatesOnUpdate = true },
        ["clusterrolebindings.rbac.authorization.k8s.io"] = new KindRules<ClusterRoleBinding>(ClusterCells.Cell) { CreatesOnUpdate = true },
        ["localsubjectaccessreviews.authorization.k8s.io"] = new KindRules { IsReview = true },
        ["certificatesigningrequests.certificates.k8s.io"] = new CertificateRequestRules(),
        ["flowschemas.flowcontrol.apiserver.k8s.io"] = new KindRules { HasGeneration = true },
        ["prioritylevelconfigurations.flowcontrol.apiserver.k8s.io"] = new KindRules { HasGeneration = true },
        ["customresourcedefinitions.apiextensions.k8s.io"] = new CustomResourceDefinitionRules(),
        ["csinodes.storage.k8s.io"] = new KindRules { IsConditional = true, HasNoEffect = true },
        ["csidrivers.storage.k8s.io"] = new KindRules { IsConditional = true, HasNoEffect = true },
        ["volumeattachments.storage.k8s.io"] = new KindRules { IsConditional = true, HasNoEffect = true },
        ["runtimeclasses.node.k8s.io"] = new KindRules { IsConditional = true },
        ["apiservices.apiregistration.k8s.io"] = new ApiServiceRules(),
    };
}
