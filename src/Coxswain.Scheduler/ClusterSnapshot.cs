using System.Collections.Immutable;
using Coxswain.Api.Core.V1;
using V1Node = Coxswain.Api.Core.V1.Node;

namespace Coxswain.Scheduler;

/// <summary>What the scheduler knows of the cluster at one moment: its nodes, in the order of their names, with their pods.</summary>
public sealed class ClusterSnapshot
{
    public static readonly ClusterSnapshot Empty = new(ImmutableSortedDictionary.Create<string, NodeInfo>(StringComparer.Ordinal));

    private ClusterSnapshot(ImmutableSortedDictionary<string, NodeInfo> nodes) => Nodes = nodes;

    public ImmutableSortedDictionary<string, NodeInfo> Nodes { get; }

    public ClusterSnapshot SetNode(V1Node node) =>
        new(Nodes.SetItem(node.Metadata.Name, Nodes.TryGetValue(node.Metadata.Name, out var known) ? known.With(node) : NodeInfo.Of(node)));

    /// <summary>Takes the node out, with its pods.</summary>
    public ClusterSnapshot RemoveNode(string name) => new(Nodes.Remove(name));

    /// <summary>Puts the pod on its node; without effect while that node is unknown.</summary>
    public ClusterSnapshot SetPod(Pod pod, string nodeName) =>
        Nodes.TryGetValue(nodeName, out var node) ? new(Nodes.SetItem(nodeName, node.Add(pod))) : this;

    public ClusterSnapshot RemovePod(string uid, string nodeName) =>
        Nodes.TryGetValue(nodeName, out var node) && node.Pods.ContainsKey(uid) ? new(Nodes.SetItem(nodeName, node.Remove(uid))) : this;
}
