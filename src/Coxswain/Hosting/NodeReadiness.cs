using Coxswain.Api.Core.V1;
using Coxswain.Client;
using V1Node = Coxswain.Api.Core.V1.Node;

namespace Coxswain.Hosting;

/// <summary>Whether the node says that it can run Pods.</summary>
internal static class NodeReadiness
{
    /// <summary>False also when the API does not answer: then nothing is ready.</summary>
    public static async Task<bool> IsReadyAsync(ClusterPaths paths, ServerState state, CancellationToken cancellationToken)
    {
        try
        {
            using var client = AdminClient.Open(paths);
            return await client.FindAsync<V1Node>(null, state.NodeName, cancellationToken) is { } node && IsReady(node);
        }
        catch (Exception exception) when (exception is HttpRequestException or TaskCanceledException && !cancellationToken.IsCancellationRequested)
        {
            return false;
        }
    }

    public static bool IsReady(V1Node node) => IsReady(node, DateTimeOffset.MinValue);

    /// <summary>Whether it has said so since a moment: before, it may have been another process that has ended since.</summary>
    public static bool IsReady(V1Node node, DateTimeOffset since) => node.Status.Conditions.Any(condition =>
        condition is { Type: NodeConditionType.Ready, Status: ConditionStatus.True } && (condition.LastHeartbeatTime ?? since) >= since);
}
