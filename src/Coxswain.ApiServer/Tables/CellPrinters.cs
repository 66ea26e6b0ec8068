using Coxswain.Api;
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
using Coxswain.ApiServer.Documents;
using V1Node = Coxswain.Api.Core.V1.Node;

namespace Coxswain.ApiServer.Tables;

/// <summary>The cells of a row: name and age are every kind's, the others come from the kind's own class.</summary>
internal static class CellPrinters
{
    public static object?[] Print(IKubeObject obj, IReadOnlyList<ApiColumn> columns, DateTimeOffset now)
    {
        var cells = new object?[columns.Count];
        for (var i = 0; i < cells.Length; i++)
        {
            cells[i] = columns[i].Name switch
            {
                "Name" => obj is StorageClass storage ? ClusterCells.Name(storage) : obj.Metadata.Name,
                "Age" => Ages.Since(obj.Metadata.CreationTimestamp, now),
                "Created At" => obj.Metadata.CreationTimestamp is { } created ? KubeTime.Format(created) : "<unknown>",
                var column => Cell(obj, column, now) ?? "<none>",
            };
        }

        return cells;
    }

    private static object? Cell(IKubeObject obj, string column, DateTimeOffset now) => obj switch
    {
        Pod pod => PodCells.Cell(pod, column, now),
        Deployment deployment => WorkloadCells.Cell(deployment, column),
        ReplicaSet set => WorkloadCells.Cell(set, column),
        ReplicationController controller => WorkloadCells.Cell(controller, column),
        StatefulSet set => WorkloadCells.Cell(set, column),
        DaemonSet set => WorkloadCells.Cell(set, column),
        Job job => WorkloadCells.Cell(job, column, now),
        CronJob job => WorkloadCells.Cell(job, column, now),
        PodTemplate template => WorkloadCells.Cell(template, column),
        Service service => NetworkCells.Cell(service, column),
        Endpoints endpoints => NetworkCells.Cell(endpoints, column),
        EndpointSlice slice => NetworkCells.Cell(slice, column),
        Ingress ingress => NetworkCells.Cell(ingress, column),
        IngressClass ingressClass => NetworkCells.Cell(ingressClass, column),
        NetworkPolicy policy => NetworkCells.Cell(policy, column),
        V1Node node => CoreCells.Cell(node, column),
        Namespace @namespace => CoreCells.Cell(@namespace, column),
        ConfigMap map => CoreCells.Cell(map, column),
        Secret secret => CoreCells.Cell(secret, column),
        ServiceAccount account => CoreCells.Cell(account, column),
        PersistentVolume volume => CoreCells.Cell(volume, column),
        PersistentVolumeClaim claim => CoreCells.Cell(claim, column),
        Event happening => CoreCells.Cell(happening, column, now),
        StorageClass storage => ClusterCells.Cell(storage, column),
        Lease lease => ClusterCells.Cell(lease, column),
        PriorityClass priority => ClusterCells.Cell(priority, column),
        ClusterRoleBinding binding => ClusterCells.Cell(binding, column),
        RoleBinding binding => ClusterCells.Cell(binding, column),
        PodDisruptionBudget budget => ClusterCells.Cell(budget, column),
        HorizontalPodAutoscaler scaler => ClusterCells.Cell(scaler, column),
        _ => null,
    };
}
