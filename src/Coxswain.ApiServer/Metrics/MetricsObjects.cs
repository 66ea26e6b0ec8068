using System.Text.Json.Nodes;
using Coxswain.Api.Meta.V1;
using Coxswain.Api.Scalars;
using Coxswain.ApiServer.Documents;
using Coxswain.ApiServer.Resources;
using Coxswain.Store;

namespace Coxswain.ApiServer.Metrics;

/// <summary>The objects of <c>metrics.k8s.io</c>: each Node's, or each Pod's that runs, with the labels of what it tells of.</summary>
/// <param name="apiVersion">The group and version.</param>
/// <param name="isOfPods">PodMetrics; otherwise NodeMetrics.</param>
internal sealed class MetricsObjects(IStore store, UsageCollector collector, string apiVersion, bool isOfPods) : IComputedObjects
{
    public async ValueTask<IReadOnlyList<StoreEntry>> ReadAsync(string @namespace, string name, CancellationToken cancellationToken)
    {
        var usages = await collector.ReadAsync(cancellationToken);
        var containers = isOfPods
            ? usages.Where(usage => usage.Key.Container.Length > 0).ToLookup(usage => (usage.Key.Namespace, usage.Key.Pod))
            : null;
        var entries = new List<StoreEntry>();
        foreach (var source in await SourcesAsync(@namespace, name, cancellationToken))
        {
            var metadata = StoredObject.Of(source).Metadata;
            var document = containers is null
                ? usages.TryGetValue(new UsageKey(metadata.Name), out var usage) ? OfNode(usage) : null
                : OfPod([.. containers[(metadata.Namespace, metadata.Name)].OrderBy(item => item.Key.Container, StringComparer.Ordinal)]);
            if (document is null)
            {
                continue;
            }

            document["metadata"] = MetadataOf(metadata, document);
            document["kind"] = isOfPods ? "PodMetrics" : "NodeMetrics";
            document["apiVersion"] = apiVersion;
            entries.Add(new StoreEntry(source.Key, Document.Encode(document), 0, 0));
        }

        return entries;
    }

    private async ValueTask<IReadOnlyList<StoreEntry>> SourcesAsync(string @namespace, string name, CancellationToken cancellationToken)
    {
        var prefix = isOfPods ? $"/registry/core/pods/{(@namespace.Length > 0 ? @namespace + "/" : "")}" : "/registry/core/nodes/";
        return name.Length > 0
            ? await store.GetAsync(prefix + name, cancellationToken) is { } one ? [one] : []
            : (await store.ListAsync(new ListQuery(prefix), cancellationToken)).Entries;
    }

    private static JsonObject OfNode(Usage usage) => new()
    {
        ["timestamp"] = KubeTime.Format(usage.At),
        ["window"] = KubeDuration.Format(usage.Window),
        ["usage"] = Amounts(usage),
    };

    private static JsonObject? OfPod(IReadOnlyList<KeyValuePair<UsageKey, Usage>> containers) => containers.Count == 0 ? null : new JsonObject
    {
        ["timestamp"] = KubeTime.Format(containers.Min(container => container.Value.At)),
        ["window"] = KubeDuration.Format(containers.Max(container => container.Value.Window)),
        ["containers"] = new JsonArray([.. containers.Select(container => new JsonObject
        {
            ["name"] = container.Key.Container,
            ["usage"] = Amounts(container.Value),
        })]),
    };

    /// <summary>In the units that metrics-server gives them in.</summary>
    private static JsonObject Amounts(Usage usage)
    {
        const long BytesPerKibibyte = 1024;
        return new JsonObject
        {
            ["cpu"] = Quantity.Parse($"{Math.Max(0, usage.CpuNanocores)}n").ToString(),
            ["memory"] = Quantity.Parse($"{usage.MemoryBytes / BytesPerKibibyte}Ki").ToString(),
        };
    }

    private static JsonObject MetadataOf(ObjectMeta source, JsonObject document)
    {
        var metadata = new JsonObject { ["name"] = source.Name };
        if (source.Namespace.Length > 0)
        {
            metadata["namespace"] = source.Namespace;
        }

        if (source.Labels.Count > 0)
        {
            metadata["labels"] = new JsonObject([.. source.Labels.Select(label => KeyValuePair.Create(label.Key, (JsonNode?)JsonValue.Create(label.Value)))]);
        }

        metadata["creationTimestamp"] = document["timestamp"]?.DeepClone();
        return metadata;
    }
}
