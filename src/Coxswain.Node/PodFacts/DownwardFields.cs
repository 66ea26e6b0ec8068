using System.Text;
using Coxswain.Api.Core.V1;
using Coxswain.Api.Scalars;

namespace Coxswain.Node.PodFacts;

/// <summary>What a pod may know of itself: the paths of a fieldRef and the resources of a resourceFieldRef.</summary>
internal static class DownwardFields
{
    /// <param name="hostAddress">The node's address.</param>
    /// <param name="podAddresses">Of the pod's sandbox, which the status may not tell yet.</param>
    public static string Field(Pod pod, string path, string hostAddress, IReadOnlyList<string> podAddresses)
    {
        if (path.EndsWith("']", StringComparison.Ordinal) && path.IndexOf("['", StringComparison.Ordinal) is > 0 and var open)
        {
            var key = path[(open + 2)..^2];
            return path[..open] switch
            {
                "metadata.annotations" => pod.Metadata.Annotations.GetValueOrDefault(key, ""),
                "metadata.labels" => pod.Metadata.Labels.GetValueOrDefault(key, ""),
                _ => throw Unsupported(path),
            };
        }

        return path switch
        {
            "metadata.name" => pod.Metadata.Name,
            "metadata.namespace" => pod.Metadata.Namespace,
            "metadata.uid" => pod.Metadata.Uid,
            "metadata.labels" => Lines(pod.Metadata.Labels),
            "metadata.annotations" => Lines(pod.Metadata.Annotations),
            "spec.nodeName" => pod.Spec.NodeName,
            "spec.serviceAccountName" => pod.Spec.ServiceAccountName,
            "status.hostIP" or "status.hostIPs" => hostAddress,
            "status.podIP" => podAddresses.Count > 0 ? podAddresses[0] : "",
            "status.podIPs" => string.Join(',', podAddresses),
            _ => throw Unsupported(path),
        };
    }

    /// <param name="allocatable">Stands in for a limit that is not set.</param>
    public static string Resource(
        Pod pod, Container container, ResourceFieldSelector selector, IReadOnlyDictionary<string, Quantity> allocatable)
    {
        var target = container;
        if (selector.ContainerName.Length > 0)
        {
            target = pod.Spec.Containers.Concat(pod.Spec.InitContainers).FirstOrDefault(other => other.Name == selector.ContainerName)
                ?? throw new ContainerConfigException($"container {selector.ContainerName} not found");
        }

        var (kind, resource) = selector.Resource.IndexOf('.') is > 0 and var dot
            ? (selector.Resource[..dot], selector.Resource[(dot + 1)..])
            : ("", selector.Resource);
        Quantity? amount = kind switch
        {
            "limits" when target.Resources.Limits.TryGetValue(resource, out var limit) => limit,
            "limits" => allocatable.TryGetValue(resource, out var all) ? all : null,
            "requests" when target.Resources.Requests.TryGetValue(resource, out var request) => request,
            "requests" when target.Resources.Limits.TryGetValue(resource, out var limit) => limit,
            "requests" => default(Quantity),
            _ => throw new ContainerConfigException($"unsupported container resource : {selector.Resource}"),
        };

        var divisor = selector.Divisor.IsZero ? 1m : selector.Divisor.Value;
        return Math.Ceiling((amount?.Value ?? 0) / divisor).ToString("0");
    }

    /// <summary><c>key="value"</c> lines in key order, escaped as a Go string.</summary>
    private static string Lines(IReadOnlyDictionary<string, string> map)
    {
        var text = new StringBuilder();
        foreach (var (key, value) in map.OrderBy(item => item.Key, StringComparer.Ordinal))
        {
            text.Append(text.Length > 0 ? "\n" : "").Append(key).Append("=\"");
            foreach (var character in value)
            {
                text.Append(character switch
                {
                    '"' => "\\\"",
                    '\\' => @"\\",
                    '\n' => "\\n",
                    '\r' => "\\r",
                    '\t' => "\\t",
                    _ => character,
                });
            }

            text.Append('"');
        }

        return text.ToString();
    }

    private static ContainerConfigException Unsupported(string path) => new($"unsupported fieldPath: {path}");
}
