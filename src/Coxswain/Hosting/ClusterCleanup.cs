using Coxswain.Engine;
using Coxswain.Engine.Images;
using Coxswain.Linux.Files;
using Coxswain.Linux.Mounts;
using Coxswain.Linux.Nftables;
using Coxswain.Node;
using Microsoft.Extensions.Logging.Abstractions;

namespace Coxswain.Hosting;

/// <summary>What is left when the server has ended: running containers and their network, and with <c>--delete</c> everything.</summary>
internal static class ClusterCleanup
{
    /// <summary>Pods get this long to heed SIGTERM when the cluster stops.</summary>
    private static readonly TimeSpan StopGrace = TimeSpan.FromSeconds(10);

    /// <summary>Stops every container and takes the network down, as a reboot would; the data stay.</summary>
    public static async Task StopPodsAsync(ClusterPaths paths, CancellationToken cancellationToken)
    {
        var configuration = ClusterConfiguration.Load(paths);
        await using var engine = EngineFactory.Create(paths, configuration, NullLoggerFactory.Instance);
        await engine.StartAsync(cancellationToken);
        await Task.WhenAll(engine.Containers.List().Select(container => engine.Containers.StopAsync(container.Id, StopGrace, cancellationToken)));
        await TakeNetworkDownAsync(configuration, engine, cancellationToken);
    }

    /// <summary>Removes every trace of the cluster. Idempotent: what a killed run left behind goes too.</summary>
    public static async Task DeleteAllAsync(ClusterPaths paths, CancellationToken cancellationToken)
    {
        var configuration = ClusterConfiguration.Load(paths);
        await using (var engine = EngineFactory.Create(paths, configuration, NullLoggerFactory.Instance))
        {
            await engine.StartAsync(cancellationToken);
            using (var images = await ImageEngine.OpenAsync(engine.Options, TimeProvider.System, engine.Network, cancellationToken))
            {
                await NodeAgent.DeleteAllAsync(
                    NodeParts.Options(paths, configuration), NodeParts.Runtime(paths, engine, images), new KernelMounts(), cancellationToken);
            }

            await engine.DeleteAllAsync(cancellationToken);
            await TakeNetworkDownAsync(configuration, engine, cancellationToken);
        }

        ForgetContext(configuration.Name);
        RemoveDirectories(paths);
    }

    private static async Task TakeNetworkDownAsync(ClusterConfiguration configuration, ContainerEngine engine, CancellationToken cancellationToken)
    {
        await engine.Network!.DeleteAllAsync(cancellationToken);
        await new NftCommand(engine.Processes, configuration.Table).DeleteTableAsync(cancellationToken);
    }

    private static void ForgetContext(string name)
    {
        var path = KubeconfigFile.UsersPath();
        if (File.Exists(path))
        {
            var file = KubeconfigFile.Open(path);
            file.RemoveContext(name);
            file.Save();
        }
    }

    private static void RemoveDirectories(ClusterPaths paths)
    {
        var mounts = new KernelMounts();
        foreach (var directory in new[] { paths.Run, paths.Data })
        {
            // A mount that is still there would have its contents deleted with the directory.
            foreach (var mount in mounts.List().Where(mount => mount.MountPoint.StartsWith(directory + "/", StringComparison.Ordinal)).Reverse())
            {
                mounts.Unmount(mount.MountPoint);
            }

            TreeRemover.Remove(directory);
        }
    }
}
