using Coxswain.Api.Core.V1;
using LabelSelector = Coxswain.Api.Selectors.LabelSelector;

namespace Coxswain.Scheduler.Tests;

/// <summary>
/// Whether a node can take a pod, written from the documentation and without any of the scheduler's own parts: slow, and
/// plain enough to be read as a rule.
/// </summary>
internal static class NaiveChecker
{
    public static bool Fits(Pod pod, string nodeName, ClusterSnapshot snapshot)
    {
        var node = snapshot.Nodes[nodeName];
        var others = node.Pods.Values.Select(other => other.Pod).ToList();
        return !node.Node.Spec.Unschedulable
            && node.Node.Spec.Taints.All(taint => taint.Effect == "PreferNoSchedule" || pod.Spec.Tolerations.Any(toleration =>
                toleration.Key == taint.Key && (toleration.Operator == "Exists" || toleration.Value == taint.Value)))
            && pod.Spec.NodeSelector.All(label => node.Node.Metadata.Labels.GetValueOrDefault(label.Key) == label.Value)
            && new[] { "cpu", "memory" }.All(resource =>
                others.Append(pod).Sum(other => Request(other, resource)) <= node.Node.Status.Allocatable[resource].Value || Request(pod, resource) == 0)
            && !others.Any(other => HostPort(other) > 0 && HostPort(other) == HostPort(pod))
            && IsNear(pod, node.Node, snapshot) && IsApart(pod, node.Node, snapshot) && IsSpread(pod, node.Node, snapshot);
    }

    private static decimal Request(Pod pod, string resource) =>
        pod.Spec.Containers.Sum(container => container.Resources.Requests.GetValueOrDefault(resource).Value);

    private static int HostPort(Pod pod) => pod.Spec.Containers.SelectMany(container => container.Ports).Select(port => port.HostPort).FirstOrDefault();

    private static IEnumerable<Pod> InDomain(string key, string value, ClusterSnapshot snapshot) => snapshot.Nodes.Values
        .Where(node => node.Node.Metadata.Labels.GetValueOrDefault(key) == value).SelectMany(node => node.Pods.Values).Select(other => other.Pod);

    private static bool Selects(Api.Meta.V1.LabelSelector? selector, Pod pod) => LabelSelector.From(selector).Matches(pod.Metadata.Labels);

    private static bool IsNear(Pod pod, Api.Core.V1.Node node, ClusterSnapshot snapshot)
    {
        var terms = pod.Spec.Affinity?.PodAffinity?.RequiredDuringSchedulingIgnoredDuringExecution ?? [];
        var everywhere = snapshot.Nodes.Values.SelectMany(other => other.Pods.Values).Select(other => other.Pod).ToList();
        return terms.All(term => node.Metadata.Labels.TryGetValue(term.TopologyKey, out var domain)
            && (InDomain(term.TopologyKey, domain, snapshot).Any(other => Selects(term.LabelSelector, other))
                || (Selects(term.LabelSelector, pod) && !everywhere.Exists(other => Selects(term.LabelSelector, other)))));
    }

    private static bool IsApart(Pod pod, Api.Core.V1.Node node, ClusterSnapshot snapshot)
    {
        bool Apart(Pod one, Pod other, Api.Core.V1.Node where) =>
            !(one.Spec.Affinity?.PodAntiAffinity?.RequiredDuringSchedulingIgnoredDuringExecution ?? []).Any(term =>
                where.Metadata.Labels.TryGetValue(term.TopologyKey, out var there)
                && node.Metadata.Labels.GetValueOrDefault(term.TopologyKey) == there && Selects(term.LabelSelector, other));
        return snapshot.Nodes.Values.All(where => where.Pods.Values.All(other => Apart(pod, other.Pod, where.Node) && Apart(other.Pod, pod, where.Node)));
    }

    private static bool IsSpread(Pod pod, Api.Core.V1.Node node, ClusterSnapshot snapshot) => pod.Spec.TopologySpreadConstraints.All(constraint =>
    {
        // Nodes that the pod's selector excludes are no part of any domain, and neither are their pods.
        var eligible = snapshot.Nodes.Values
            .Where(other => pod.Spec.NodeSelector.All(label => other.Node.Metadata.Labels.GetValueOrDefault(label.Key) == label.Value))
            .Where(other => other.Node.Metadata.Labels.ContainsKey(constraint.TopologyKey)).ToList();
        int Count(string domain) => eligible.Where(other => other.Node.Metadata.Labels[constraint.TopologyKey] == domain)
            .Sum(other => other.Pods.Values.Count(placed => Selects(constraint.LabelSelector, placed.Pod)));
        var domains = eligible.Select(other => other.Node.Metadata.Labels[constraint.TopologyKey]).Distinct().ToList();
        return node.Metadata.Labels.TryGetValue(constraint.TopologyKey, out var here)
            && Count(here) + (Selects(constraint.LabelSelector, pod) ? 1 : 0) - (domains.Count == 0 ? 0 : domains.Min(Count)) <= constraint.MaxSkew;
    });
}
