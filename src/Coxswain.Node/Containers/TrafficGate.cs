using Coxswain.Api.Core.V1;
using Coxswain.Node.Runtime;
using Microsoft.Extensions.Logging;

namespace Coxswain.Node.Containers;

/// <summary>
/// Holds back the end of a deleted pod's containers until no new connection is led to the pod: a program that is told to stop closes
/// its port at once, and who had been sent there would be refused.
/// </summary>
/// <param name="traffic">Null where nothing has to be waited for.</param>
internal sealed partial class TrafficGate(IPodTraffic? traffic, TimeProvider time, ILogger logger)
{
    /// <summary>
    /// A withdrawal takes milliseconds. When the control plane does not answer, pods must end all the same, and a pod with a short
    /// grace keeps half of it for itself.
    /// </summary>
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(3);

    /// <summary>
    /// What has been led to the pod before is on its way, or waits for the program to accept it, which nothing tells: so long at most,
    /// on a machine that has more to do than it can.
    /// </summary>
    private static readonly TimeSpan Settling = TimeSpan.FromMilliseconds(500);

    public async Task WaitAsync(Pod pod, TimeSpan grace, CancellationToken cancellationToken)
    {
        // One that goes by force, or whose container is only started again, keeps its endpoints or has lost them.
        if (traffic is null || pod.Metadata.DeletionTimestamp is null || grace <= TimeSpan.Zero)
        {
            return;
        }

        using var patience = new CancellationTokenSource(grace / 2 < Longest ? grace / 2 : Longest, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(patience.Token, cancellationToken);
        try
        {
            if (await traffic.WaitUntilWithdrawnAsync(pod.Metadata.Uid, either.Token))
            {
                await Task.Delay(Settling, time, either.Token);
            }
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            // The pod ends as it would without anybody to wait for.
            Log.NotWithdrawn(logger, pod.Metadata.Namespace, pod.Metadata.Name);
        }
    }

    private static partial class Log
    {
        [LoggerMessage(LogLevel.Warning, "Connections may still be led to pod {Namespace}/{Name}, which is ended all the same")]
        public static partial void NotWithdrawn(ILogger logger, string @namespace, string name);
    }
}
