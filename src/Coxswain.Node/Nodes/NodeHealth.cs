using Coxswain.Api.Core.V1;
using Coxswain.Api.Errors;
using Coxswain.Client;
using Microsoft.Extensions.Logging;
using V1Node = Coxswain.Api.Core.V1.Node;

namespace Coxswain.Node.Nodes;

/// <summary>Tells the cluster that a node cannot look after its pods, while what usually reports on it does not run.</summary>
internal static partial class NodeHealth
{
    private const int MaxConflicts = 5;

    /// <summary>Makes the Node not ready. When that fails too, the Lease that nobody renews says so later.</summary>
    public static async Task ReportFailureAsync(
        string nodeName, string message, IKubeClient client, TimeProvider time, ILogger logger, CancellationToken cancellationToken)
    {
        for (var conflicts = 0; ; conflicts++)
        {
            try
            {
                if (await client.FindAsync<V1Node>(null, nodeName, cancellationToken) is { } node)
                {
                    var now = time.GetUtcNow();
                    var ready = NodeObject.Condition(NodeConditionType.Ready, false, "KubeletNotReady", message, node.Status, now);
                    var others = node.Status.Conditions.Where(condition => condition.Type != NodeConditionType.Ready);
                    await client.UpdateStatusAsync(
                        node with { Status = node.Status with { Conditions = [.. others, ready] } }, cancellationToken);
                }

                return;
            }
            catch (KubeStatusException exception) when (exception.IsConflict && conflicts < MaxConflicts)
            {
                // Somebody else changed the Node: look again.
            }
            catch (Exception exception)
            {
                Log.NotReported(logger, exception, nodeName);
                return;
            }
        }
    }

    private static partial class Log
    {
        [LoggerMessage(LogLevel.Warning, "Node {Name} could not be reported as not ready")]
        public static partial void NotReported(ILogger logger, Exception exception, string name);
    }
}
