using Coxswain.Api.Core.V1;
using Coxswain.Api.Errors;
using Coxswain.Client;
using Coxswain.Client.Events;
using Coxswain.Node.Eviction;
using Coxswain.Node.Options;
using Coxswain.Node.Runtime;
using Microsoft.Extensions.Logging;
using V1Node = Coxswain.Api.Core.V1.Node;

namespace Coxswain.Node.Nodes;

/// <summary>Registers the Node and keeps its status true: at once, when images or pressures change, and every five minutes.</summary>
internal sealed partial class NodeReporter(
    NodeAgentOptions options, MachineInfo machine, IKubeClient client, IPodRuntime runtime, NodePressure pressure, EventRecorder events,
    TimeProvider time, ILogger logger)
{
    /// <summary>How many images a Node lists, as the kubelet does.</summary>
    private const int MaxImages = 50;

    private static readonly TimeSpan ReportPeriod = TimeSpan.FromMinutes(5);
    private static readonly TimeSpan LookPeriod = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan RetryDelay = TimeSpan.FromMilliseconds(200);

    /// <param name="port">Of the node's endpoint; 0 for none.</param>
    public async Task RunAsync(int port, CancellationToken cancellationToken)
    {
        NodeStatus? reported = null;
        while (true)
        {
            var wait = LookPeriod;
            try
            {
                var current = await RegisterAsync(cancellationToken);
                var images = await ImagesAsync(cancellationToken);
                var now = time.GetUtcNow();
                var next = NodeObject.Status(machine, options, $"{await runtime.VersionAsync(cancellationToken)}", images, port, pressure, current.Status, now);
                if (reported is null || !SameBut(reported, next) || !SameBut(current.Status, next) || now - Heartbeat(current.Status) >= ReportPeriod)
                {
                    await client.UpdateStatusAsync(current with { Status = next }, cancellationToken);
                    if (reported is null)
                    {
                        events.Normal(Reference(current), "NodeReady", $"Node {options.NodeName} status is now: NodeReady");
                        Log.Ready(logger, options.NodeName);
                    }

                    reported = next;
                }
            }
            catch (KubeStatusException exception) when (exception.IsConflict)
            {
                wait = RetryDelay; // Somebody else changed the Node: look again.
            }
            catch (Exception exception) when (!cancellationToken.IsCancellationRequested)
            {
                Log.ReportFailed(logger, exception, options.NodeName);
                wait = RetryDelay * 5;
            }

            await Task.Delay(wait, time, cancellationToken);
        }
    }

    private async Task<V1Node> RegisterAsync(CancellationToken cancellationToken)
    {
        if (await client.FindAsync<V1Node>(null, options.NodeName, cancellationToken) is not { } known)
        {
            return await client.CreateAsync(NodeObject.New(machine, options), cancellationToken);
        }

        var wanted = NodeObject.New(machine, options).Metadata.Labels;
        if (wanted.All(label => known.Metadata.Labels.GetValueOrDefault(label.Key) == label.Value))
        {
            return known;
        }

        var labels = new Dictionary<string, string>(known.Metadata.Labels);
        foreach (var (key, value) in wanted)
        {
            labels[key] = value;
        }

        return await client.UpdateAsync(known with { Metadata = known.Metadata with { Labels = labels } }, cancellationToken);
    }

    private async Task<IReadOnlyList<ImageInfo>> ImagesAsync(CancellationToken cancellationToken) =>
        [.. (await runtime.ListImagesAsync(cancellationToken)).Where(image => image.Tags.Count + image.Digests.Count > 0)
            .OrderByDescending(image => image.SizeBytes).ThenBy(image => image.Id, StringComparer.Ordinal).Take(MaxImages)];

    /// <summary>Equal in everything but the times of its conditions.</summary>
    private static bool SameBut(NodeStatus left, NodeStatus right) => Timeless(left) == Timeless(right);

    private static NodeStatus Timeless(NodeStatus status) => status with
    {
        Conditions = [.. status.Conditions.OrderBy(condition => condition.Type, StringComparer.Ordinal)
            .Select(condition => condition with { LastHeartbeatTime = null, LastTransitionTime = null })],
    };

    private static DateTimeOffset Heartbeat(NodeStatus status) =>
        status.Conditions.Max(condition => condition.LastHeartbeatTime) ?? DateTimeOffset.MinValue;

    /// <summary>Kubernetes' events about a Node carry its name as the uid; <c>kubectl describe node</c> looks for that.</summary>
    private static V1Node Reference(V1Node node) => node with { Metadata = node.Metadata with { Uid = node.Metadata.Name } };

    private static partial class Log
    {
        [LoggerMessage(LogLevel.Information, "Node {Name} is ready")]
        public static partial void Ready(ILogger logger, string name);

        [LoggerMessage(LogLevel.Warning, "Status of node {Name} could not be reported and will be again")]
        public static partial void ReportFailed(ILogger logger, Exception exception, string name);
    }
}
