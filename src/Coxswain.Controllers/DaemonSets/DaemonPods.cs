using Coxswain.Api.Apps.V1;
using Coxswain.Api.Core.V1;
using Coxswain.Controllers.Pods;
using Coxswain.Controllers.Revisions;

namespace Coxswain.Controllers.DaemonSets;

/// <summary>A DaemonSet's pods: each asks the scheduler for one node, whatever troubles that node has.</summary>
internal static class DaemonPods
{
    private const string NodeName = "metadata.name";
    private const string GenerationLabel = "pod-template-generation";
    private const string GenerationAnnotation = "deprecated.daemonset.template.generation";

    private static readonly Toleration[] Always =
    [
        Tolerate("node.kubernetes.io/not-ready", TaintEffect.NoExecute),
        Tolerate("node.kubernetes.io/unreachable", TaintEffect.NoExecute),
        Tolerate("node.kubernetes.io/disk-pressure", TaintEffect.NoSchedule),
        Tolerate("node.kubernetes.io/memory-pressure", TaintEffect.NoSchedule),
        Tolerate("node.kubernetes.io/pid-pressure", TaintEffect.NoSchedule),
        Tolerate("node.kubernetes.io/unschedulable", TaintEffect.NoSchedule),
    ];

    private static readonly Toleration WithoutNetwork = Tolerate("node.kubernetes.io/network-unavailable", TaintEffect.NoSchedule);

    public static Pod Make(DaemonSet set, string hash, string nodeName)
    {
        var pod = PodFromTemplate.Make(set.Spec.Template, set);
        var affinity = pod.Spec.Affinity ?? Affinity.Empty;
        var node = affinity.NodeAffinity ?? NodeAffinity.Empty;
        var term = new NodeSelectorTerm
        {
            MatchFields = [new NodeSelectorRequirement { Key = NodeName, Operator = NodeSelectorOperator.In, Values = [nodeName] }],
        };
        var labels = new Dictionary<string, string>(pod.Metadata.Labels, StringComparer.Ordinal) { [RevisionHistory<DaemonSet>.HashLabel] = hash };
        if (set.Metadata.Annotations.TryGetValue(GenerationAnnotation, out var generation))
        {
            labels[GenerationLabel] = generation;
        }

        return pod with
        {
            Metadata = pod.Metadata with { Labels = labels },
            Spec = WithTolerations(pod.Spec) with
            {
                // What the template asks of nodes was looked at when this one was chosen.
                Affinity = affinity with
                {
                    NodeAffinity = node with { RequiredDuringSchedulingIgnoredDuringExecution = new NodeSelector { NodeSelectorTerms = [term] } },
                },
            },
        };
    }

    /// <summary>The pod spec as its pods have it on every node.</summary>
    public static PodSpec WithTolerations(PodSpec spec)
    {
        var wanted = spec.HostNetwork ? [.. Always, WithoutNetwork] : Always;
        return spec with { Tolerations = [.. spec.Tolerations, .. wanted.Where(toleration => !spec.Tolerations.Contains(toleration))] };
    }

    /// <summary>The node the pod is on or is meant for; empty for none.</summary>
    public static string NodeOf(Pod pod)
    {
        if (pod.Spec.NodeName.Length > 0)
        {
            return pod.Spec.NodeName;
        }

        var terms = pod.Spec.Affinity?.NodeAffinity?.RequiredDuringSchedulingIgnoredDuringExecution?.NodeSelectorTerms ?? [];
        return terms.SelectMany(term => term.MatchFields)
            .FirstOrDefault(field => field is { Key: NodeName, Operator: NodeSelectorOperator.In, Values.Count: 1 })?.Values[0] ?? "";
    }

    public static string HashOf(Pod pod) => pod.Metadata.Labels.GetValueOrDefault(RevisionHistory<DaemonSet>.HashLabel) ?? "";

    private static Toleration Tolerate(string key, string effect) => new() { Key = key, Operator = TolerationOperator.Exists, Effect = effect };
}
