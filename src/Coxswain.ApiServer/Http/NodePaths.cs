using Coxswain.Api.Core.V1;
using Coxswain.Api.Errors;
using Microsoft.AspNetCore.Http;

namespace Coxswain.ApiServer.Http;

/// <summary>A request about a pod in the kubelet's form.</summary>
internal static class NodePaths
{
    public static string Log(Pod pod, IQueryCollection query)
    {
        var container = ContainerOf(pod, query.Text("container"));
        return $"/containerLogs/{pod.Metadata.Namespace}/{pod.Metadata.Name}/{container}" + Query(
            query.Where(item => item.Key != "container" && item.Value.Count > 0).Select(item => (item.Key, item.Value[^1] ?? "")));
    }

    /// <param name="subresource">exec, attach or portforward.</param>
    public static string Stream(Pod pod, string subresource, IQueryCollection query)
    {
        var path = $"{pod.Metadata.Namespace}/{pod.Metadata.Name}";
        if (subresource == "portforward")
        {
            return $"/portForward/{path}" + Query(query["ports"].Select(port => ("port", port ?? "")));
        }

        var container = ContainerOf(pod, query.Text("container"));
        var flags = new (string Ours, string Kubelets)[] { ("stdin", "input"), ("stdout", "output"), ("stderr", "error"), ("tty", "tty") }
            .Where(flag => IsTrue(query, flag.Ours)).Select(flag => (flag.Kubelets, "1"));
        var command = query["command"].Select(argument => ("command", argument ?? ""));
        return $"/{subresource}/{path}/{container}" + Query(flags.Concat(command));
    }

    /// <summary>As Kubernetes reads the options of a connection: what is given is meant, unless it says no.</summary>
    private static bool IsTrue(IQueryCollection query, string name) => query.ContainsKey(name) && query.Text(name) is not ("false" or "0");

    private static string Query(IEnumerable<(string Name, string Value)> items)
    {
        var text = string.Join('&', items.Select(item => $"{Uri.EscapeDataString(item.Name)}={Uri.EscapeDataString(item.Value)}"));
        return text.Length == 0 ? "" : "?" + text;
    }

    private static string ContainerOf(Pod pod, string wanted)
    {
        List<string> names = [.. pod.Spec.Containers.Select(item => item.Name)];
        List<string> all =
        [
            .. names, .. pod.Spec.InitContainers.Select(item => item.Name), .. pod.Spec.EphemeralContainers.Select(item => item.Name),
        ];
        if (wanted.Length == 0)
        {
            if (names.Count == 1)
            {
                return names[0];
            }

            var init = pod.Spec.InitContainers.Count > 0 ? $" or one of the init containers: [{string.Join(' ', pod.Spec.InitContainers.Select(item => item.Name))}]" : "";
            throw new KubeStatusException(Statuses.BadRequest(
                $"a container name must be specified for pod {pod.Metadata.Name}, choose one of: [{string.Join(' ', names)}]{init}"));
        }

        return all.Contains(wanted) ? wanted
            : throw new KubeStatusException(Statuses.BadRequest($"container {wanted} is not valid for pod {pod.Metadata.Name}"));
    }
}
