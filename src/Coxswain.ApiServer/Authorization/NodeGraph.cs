using Coxswain.Api.Core.V1;
using Coxswain.Api.Json;
using Coxswain.ApiServer.Documents;
using Coxswain.Store;

namespace Coxswain.ApiServer.Authorization;

/// <summary>Which nodes run a Pod that names an object, kept as Pods are bound and go.</summary>
internal sealed class NodeGraph(IStore store) : StoreFollower(store, "/registry/core/pods/")
{
    private readonly Lock _gate = new();
    private readonly Dictionary<string, BoundPod> _pods = new(StringComparer.Ordinal);
    private readonly Dictionary<(string Resource, string Namespace, string Name), Dictionary<string, int>> _nodes = [];

    /// <summary>Whether a Pod bound to the node names the object. Of what was last caught up with.</summary>
    public bool Names(string node, string resource, string @namespace, string name)
    {
        lock (_gate)
        {
            return _nodes.TryGetValue((resource, @namespace, name), out var counts) && counts.ContainsKey(node);
        }
    }

    /// <summary>Whether the Pod is bound to the node.</summary>
    public bool Runs(string node, string @namespace, string pod)
    {
        lock (_gate)
        {
            return _pods.TryGetValue($"/registry/core/pods/{@namespace}/{pod}", out var bound) && bound.Node == node;
        }
    }

    protected override void Clear()
    {
        lock (_gate)
        {
            _pods.Clear();
            _nodes.Clear();
        }
    }

    protected override void Apply(string key, StoreEntry? entry)
    {
        var version = entry is null ? default : BoundPod.VersionOf(entry);
        lock (_gate)
        {
            var known = _pods.GetValueOrDefault(key);
            if (known?.Version == version && entry is not null)
            {
                return; // only its status changed
            }

            if (known is not null)
            {
                _pods.Remove(key);
                Count(known, -1);
            }

            if (entry is not null && version.Node.Length > 0)
            {
                var bound = BoundPod.Read(entry, version);
                _pods.Add(key, bound);
                Count(bound, 1);
            }
        }
    }

    private void Count(BoundPod pod, int change)
    {
        foreach (var (resource, name) in pod.References)
        {
            var vertex = (resource, pod.Namespace, name);
            if (!_nodes.TryGetValue(vertex, out var counts))
            {
                _nodes.Add(vertex, counts = new Dictionary<string, int>(StringComparer.Ordinal));
            }

            var count = counts.GetValueOrDefault(pod.Node) + change;
            if (count > 0)
            {
                counts[pod.Node] = count;
            }
            else if (counts.Remove(pod.Node) && counts.Count == 0)
            {
                _nodes.Remove(vertex);
            }
        }
    }

    /// <param name="Version">What tells whether the references can have changed: they follow from a spec that is bound.</param>
    private sealed record BoundPod(
        (string Uid, string Generation, string Node) Version, string Namespace, IReadOnlyList<(string Resource, string Name)> References)
    {
        public string Node => Version.Node;

        public static (string Uid, string Generation, string Node) VersionOf(StoreEntry entry) =>
            (FieldReader.Read(entry.Value.Span, "metadata.uid"), FieldReader.Read(entry.Value.Span, "metadata.generation"),
                FieldReader.Read(entry.Value.Span, "spec.nodeName"));

        public static BoundPod Read(StoreEntry entry, (string Uid, string Generation, string Node) version)
        {
            var pod = KubeJson.Deserialize<Pod>(entry.Value.Span);
            return new BoundPod(version, pod.Metadata.Namespace, [.. PodReferences.Of(pod)]);
        }
    }
}
