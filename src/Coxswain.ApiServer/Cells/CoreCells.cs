using Coxswain.Api.Core.V1;
using Coxswain.ApiServer.Documents;
using V1Node = Coxswain.Api.Core.V1.Node;

namespace Coxswain.ApiServer.Cells;

/// <summary>The columns of the other core kinds.</summary>
internal static class CoreCells
{
    private const string RolePrefix = "node-role.kubernetes.io/";

    public static object? Cell(V1Node node, string column) => column switch
    {
        "Status" => NodeStatus(node),
        "Roles" => CellText.OrNone(string.Join(',', Roles(node).Distinct().Order(StringComparer.Ordinal))),
        "Version" => node.Status.NodeInfo.KubeletVersion,
        "Internal-IP" => Address(node, "InternalIP"),
        "External-IP" => Address(node, "ExternalIP"),
        "OS-Image" => OrUnknown(node.Status.NodeInfo.OsImage),
        "Kernel-Version" => OrUnknown(node.Status.NodeInfo.KernelVersion),
        "Container-Runtime" => OrUnknown(node.Status.NodeInfo.ContainerRuntimeVersion),
        _ => null,
    };

    public static object? Cell(Namespace @namespace, string column) => column == "Status" ? @namespace.Status.Phase : null;

    public static object? Cell(ConfigMap map, string column) => column == "Data" ? map.Data.Count + map.BinaryData.Count : null;

    public static object? Cell(Secret secret, string column) => column switch
    {
        "Type" => secret.Type,
        "Data" => secret.Data.Count,
        _ => null,
    };

    public static object? Cell(ServiceAccount account, string column) => column == "Secrets" ? account.Secrets.Count : null;

    public static object? Cell(PersistentVolume volume, string column) => column switch
    {
        "Capacity" => volume.Spec.Capacity.TryGetValue("storage", out var size) ? size.ToString() : "",
        "Access Modes" => CellText.AccessModes(volume.Spec.AccessModes),
        "Reclaim Policy" => volume.Spec.PersistentVolumeReclaimPolicy,
        "Status" => volume.Metadata.DeletionTimestamp is null ? volume.Status.Phase : "Terminating",
        "Claim" => volume.Spec.ClaimRef is { } claim ? $"{claim.Namespace}/{claim.Name}" : "",
        "StorageClass" => volume.Spec.StorageClassName,
        "VolumeAttributesClass" => CellText.OrUnset(volume.Spec.VolumeAttributesClassName),
        "Reason" => volume.Status.Reason,
        "VolumeMode" => CellText.OrUnset(volume.Spec.VolumeMode),
        _ => null,
    };

    public static object? Cell(PersistentVolumeClaim claim, string column) => column switch
    {
        "Status" => claim.Metadata.DeletionTimestamp is null ? claim.Status.Phase : "Terminating",
        "Volume" => claim.Spec.VolumeName,
        "Capacity" => claim.Spec.VolumeName.Length > 0 && claim.Status.Capacity.TryGetValue("storage", out var size) ? size.ToString() : "",
        "Access Modes" => claim.Spec.VolumeName.Length > 0 ? CellText.AccessModes(claim.Status.AccessModes) : "",
        "StorageClass" => claim.Spec.StorageClassName ?? "",
        "VolumeAttributesClass" => CellText.OrUnset(claim.Spec.VolumeAttributesClassName),
        "VolumeMode" => CellText.OrUnset(claim.Spec.VolumeMode),
        _ => null,
    };

    public static object? Cell(Event happening, string column, DateTimeOffset now) => column switch
    {
        "Last Seen" => LastSeen(happening, now),
        "Type" => happening.Type,
        "Reason" => happening.Reason,
        "Object" => happening.InvolvedObject.Name.Length > 0
            ? $"{happening.InvolvedObject.Kind.ToLowerInvariant()}/{happening.InvolvedObject.Name}" : happening.InvolvedObject.Kind.ToLowerInvariant(),
        "Subobject" => happening.InvolvedObject.FieldPath,
        "Source" => happening.Source.Host.Length > 0 ? $"{happening.Source.Component}, {happening.Source.Host}"
            : happening.Source.Component.Length > 0 ? happening.Source.Component : happening.ReportingComponent,
        "Message" => happening.Message.Trim(),
        "First Seen" => Ages.Since(happening.FirstTimestamp ?? happening.EventTime, now),
        "Count" => (long)(happening.Series?.Count ?? Math.Max(happening.Count, 1)),
        _ => null,
    };

    private static string LastSeen(Event happening, DateTimeOffset now) =>
        Ages.Since(happening.Series?.LastObservedTime ?? happening.LastTimestamp ?? happening.EventTime ?? happening.FirstTimestamp, now);

    private static string NodeStatus(V1Node node)
    {
        var ready = node.Status.Conditions.FirstOrDefault(condition => condition.Type == "Ready");
        var status = ready switch { null => "Unknown", { Status: "True" } => "Ready", _ => "NotReady" };
        return node.Spec.Unschedulable ? status + ",SchedulingDisabled" : status;
    }

    private static IEnumerable<string> Roles(V1Node node)
    {
        foreach (var (key, value) in node.Metadata.Labels)
        {
            if (key.StartsWith(RolePrefix, StringComparison.Ordinal) && key.Length > RolePrefix.Length)
            {
                yield return key[RolePrefix.Length..];
            }
            else if (key == "kubernetes.io/role" && value.Length > 0)
            {
                yield return value;
            }
        }
    }

    private static string Address(V1Node node, string type) =>
        CellText.OrNone(node.Status.Addresses.FirstOrDefault(address => address.Type == type)?.Address);

    private static string OrUnknown(string text) => text.Length == 0 ? "<unknown>" : text;
}
