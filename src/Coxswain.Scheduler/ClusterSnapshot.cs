using System.Collections.Immutable;
using Coxswain.Api.Core.V1;
using V1Node = Coxswain.Api.Core.V1.Node;

namespace Coxswain.Scheduler;

/// <summary>
/// What the scheduler knows of the cluster at one moment: its nodes, in the order of their names, with their pods, and the
/// labels of its namespaces.
/// </summary>
public sealed class ClusterSnapshot
{
    public static readonly ClusterSnapshot Empty = new(
        ImmutableSortedDictionary.Create<string, NodeInfo>(StringComparer.Ordinal),
        ImmutableDictionary.Create<string, IReadOnlyDictionary<string, string>>(StringComparer.Ordinal));

    private static readonly IReadOnlyDictionary<string, string> NoLabels = ImmutableDictionary<string, string>.Empty;

    private readonly ImmutableDictionary<string, IReadOnlyDictionary<string, string>> _namespaces;

    private ClusterSnapshot(
        ImmutableSortedDictionary<string, NodeInfo> nodes, ImmutableDictionary<string, IReadOnlyDictionary<string, string>> namespaces)
    {
        Nodes = nodes;
        _namespaces = namespaces;
    }

    public ImmutableSortedDictionary<string, NodeInfo> Nodes { get; }

    /// <summary>A namespace's labels; none while it is unknown.</summary>
    public IReadOnlyDictionary<string, string> LabelsOf(string @namespace) => _namespaces.GetValueOrDefault(@namespace, NoLabels);

    public ClusterSnapshot SetNamespace(string name, IReadOnlyDictionary<string, string> labels) => new(Nodes, _namespaces.SetItem(name, labels));

    public ClusterSnapshot RemoveNamespace(string name) => new(Nodes, _namespaces.Remove(name));

    public ClusterSnapshot SetNode(V1Node node) =>
        With(Nodes.SetItem(node.Metadata.Name, Nodes.TryGetValue(node.Metadata.Name, out var known) ? known.With(node) : NodeInfo.Of(node)));

    /// <summary>Takes the node out, with its pods.</summary>
    public ClusterSnapshot RemoveNode(string name) => With(Nodes.Remove(name));

    /// <summary>Puts the pod on its node; without effect while that node is unknown.</summary>
    public ClusterSnapshot SetPod(Pod pod, string nodeName) =>
        Nodes.TryGetValue(nodeName, out var node) ? With(Nodes.SetItem(nodeName, node.Add(pod))) : this;

    public ClusterSnapshot RemovePod(string uid, string nodeName) =>
        Nodes.TryGetValue(nodeName, out var node) && node.Pods.ContainsKey(uid) ? With(Nodes.SetItem(nodeName, node.Remove(uid))) : this;

    private ClusterSnapshot With(ImmutableSortedDictionary<string, NodeInfo> nodes) => new(nodes, _namespaces);
}
