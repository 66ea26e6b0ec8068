using Coxswain.Api.Coordination.V1;
using Coxswain.Api.Meta.V1;
using Coxswain.Client;
using Microsoft.Extensions.Logging;

namespace Coxswain.Node.Nodes;

/// <summary>Renews the node's Lease, by which the control plane knows that the node lives.</summary>
internal sealed partial class LeaseLoop(string nodeName, IKubeClient client, TimeProvider time, ILogger logger)
{
    private const string LeaseNamespace = "kube-node-lease";
    private const int DurationSeconds = 40;

    private static readonly TimeSpan Period = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan RetryDelay = TimeSpan.FromSeconds(1);

    public async Task RunAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            var wait = Period;
            try
            {
                await RenewAsync(cancellationToken);
            }
            catch (Exception exception) when (!cancellationToken.IsCancellationRequested)
            {
                Log.NotRenewed(logger, exception, nodeName);
                wait = RetryDelay;
            }

            await Task.Delay(wait, time, cancellationToken);
        }
    }

    private async Task RenewAsync(CancellationToken cancellationToken)
    {
        var spec = LeaseSpec.Empty with
        {
            HolderIdentity = nodeName,
            LeaseDurationSeconds = DurationSeconds,
            RenewTime = time.GetUtcNow(),
        };
        if (await client.FindAsync<Lease>(LeaseNamespace, nodeName, cancellationToken) is { } known)
        {
            await client.UpdateAsync(known with { Spec = spec }, cancellationToken);
            return;
        }

        var metadata = ObjectMeta.Empty with { Name = nodeName, Namespace = LeaseNamespace };
        if (await client.FindAsync<Api.Core.V1.Node>(null, nodeName, cancellationToken) is { } node)
        {
            metadata = metadata with
            {
                OwnerReferences = [new OwnerReference { ApiVersion = "v1", Kind = "Node", Name = node.Metadata.Name, Uid = node.Metadata.Uid }],
            };
        }

        await client.CreateAsync(Lease.Empty with { Metadata = metadata, Spec = spec }, cancellationToken);
    }

    private static partial class Log
    {
        [LoggerMessage(LogLevel.Debug, "Lease of node {Name} was not renewed and will be tried again")]
        public static partial void NotRenewed(ILogger logger, Exception exception, string name);
    }
}
