using System.Collections.Immutable;
using Coxswain.Api.Core.V1;
using Coxswain.Api.Scalars;
using V1Node = Coxswain.Api.Core.V1.Node;

namespace Coxswain.Scheduler;

/// <summary>A node and the pods that are, or are about to be, on it. Immutable.</summary>
public sealed class NodeInfo
{
    private NodeInfo(
        V1Node node, ResourceAmounts allocatable, long allocatablePods, ImmutableDictionary<string, ScheduledPod> pods, ResourceAmounts requested,
        IReadOnlyDictionary<string, long> imageSizes)
    {
        Node = node;
        Allocatable = allocatable;
        AllocatablePods = allocatablePods;
        Pods = pods;
        Requested = requested;
        ImageSizes = imageSizes;
    }

    public V1Node Node { get; }

    public string Name => Node.Metadata.Name;

    public ResourceAmounts Allocatable { get; }

    public long AllocatablePods { get; }

    /// <summary>By uid.</summary>
    public ImmutableDictionary<string, ScheduledPod> Pods { get; }

    /// <summary>The requests of all its pods together.</summary>
    public ResourceAmounts Requested { get; }

    /// <summary>In bytes, by every name of the images that the node has.</summary>
    public IReadOnlyDictionary<string, long> ImageSizes { get; }

    public static NodeInfo Of(V1Node node) => new(
        node,
        ResourceAmounts.Parse(node.Status.Allocatable),
        PodsOf(node),
        ImmutableDictionary<string, ScheduledPod>.Empty,
        ResourceAmounts.Zero,
        SizesOf(node));

    /// <summary>The same pods on the node as it is now.</summary>
    public NodeInfo With(V1Node node) => new(node, ResourceAmounts.Parse(node.Status.Allocatable), PodsOf(node), Pods, Requested, SizesOf(node));

    public NodeInfo Add(Pod pod)
    {
        var removed = Remove(pod.Metadata.Uid);
        var scheduled = ScheduledPod.Of(pod);
        return new NodeInfo(Node, Allocatable, AllocatablePods, removed.Pods.Add(pod.Metadata.Uid, scheduled), removed.Requested + scheduled.Requests, ImageSizes);
    }

    public NodeInfo Remove(string podUid) => Pods.TryGetValue(podUid, out var pod)
        ? new NodeInfo(Node, Allocatable, AllocatablePods, Pods.Remove(podUid), Requested - pod.Requests, ImageSizes)
        : this;

    private static Dictionary<string, long> SizesOf(V1Node node)
    {
        var sizes = new Dictionary<string, long>(StringComparer.Ordinal);
        foreach (var image in node.Status.Images)
        {
            foreach (var name in image.Names)
            {
                sizes[name] = image.SizeBytes;
            }
        }

        return sizes;
    }

    private static long PodsOf(V1Node node) =>
        node.Status.Allocatable.TryGetValue(ResourceName.Pods, out Quantity pods) ? pods.LongValue : 0;
}
