using Coxswain.Engine.Hosting;
using Coxswain.Engine.Local.Networks;
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
    public static async Task StopPodsAsync(ClusterPaths paths, ClusterConfiguration configuration, CancellationToken cancellationToken)
    {
        await using var engine = EngineFactory.Create(paths, configuration, NullLoggerFactory.Instance);
        await engine.AdoptAsync(cancellationToken);
        await Task.WhenAll(engine.Containers.List().Select(container => engine.Containers.StopAsync(container.Id, StopGrace, cancellationToken)));
        await TakeNetworkDownAsync(configuration, engine, cancellationToken);
    }

    /// <summary>Removes every trace of the cluster. Idempotent: what a killed run left behind goes too.</summary>
    /// <param name="keepLog">Leave the server's log for who wants to know why there is no cluster.</param>
    public static async Task DeleteAllAsync(
        ClusterPaths paths, ClusterConfiguration configuration, bool keepLog, CancellationToken cancellationToken)
    {
        await using (var engine = EngineFactory.Create(paths, configuration, NullLoggerFactory.Instance))
        {
            await engine.AdoptAsync(cancellationToken);
            using (var images = await ImageEngine.OpenAsync(engine.Options, TimeProvider.System, engine.Network, cancellationToken))
            {
                await NodeAgent.DeleteAllAsync(
                    NodeParts.Options(paths, configuration), NodeParts.Runtime(paths, engine, images), new KernelMounts(), cancellationToken);
            }

            await engine.DeleteAllAsync(cancellationToken);
            await TakeNetworkDownAsync(configuration, engine, cancellationToken);
        }

        ForgetContext(configuration.Name, paths.Data);
        RemoveDirectories(paths, keepLog);
    }

    /// <summary>Undoes what a start that failed did to the machine; what runs already keeps its network.</summary>
    public static async Task UndoStartAsync(ClusterConfiguration configuration, ContainerEngine engine, CancellationToken cancellationToken)
    {
        if (engine.Containers.List().Count == 0)
        {
            await TakeNetworkDownAsync(configuration, engine, cancellationToken);
        }
    }

    /// <summary>One that is a mount point is the user's own: it is left, empty.</summary>
    private static void RemoveDataDirectory(ClusterPaths paths)
    {
        TreeRemover.RemoveContents(paths.Data);
        TreeRemover.Remove(paths.Data, MountsBelow.Skip);
    }

    private static async Task TakeNetworkDownAsync(ClusterConfiguration configuration, ContainerEngine engine, CancellationToken cancellationToken)
    {
        await engine.Network!.DeleteAllAsync(cancellationToken);
        if (engine.OwnsMachineThings)
        {
            await LocalNetworks.TakeDownAsync(engine.Options, engine.Processes, cancellationToken);
            await new NftCommand(engine.Processes, configuration.Table).DeleteTableAsync(cancellationToken);
            await new NftCommand(engine.Processes, configuration.PolicyTable).DeleteTableAsync(cancellationToken);
        }
    }

    private static void ForgetContext(string name, string dataDirectory)
    {
        if (File.Exists(KubeconfigFile.UsersPath()))
        {
            var file = KubeconfigFile.Users();
            if (file.RemoveContext(name, dataDirectory))
            {
                file.Save(CallingUser.Current);
            }
        }
    }

    /// <summary>The configuration goes last: as long as it is there, a removal that was cut short can be done again.</summary>
    private static void RemoveDirectories(ClusterPaths paths, bool keepLog)
    {
        var mounts = new KernelMounts();
        foreach (var directory in new[] { paths.Run, paths.Data })
        {
            mounts.UnmountBelow(directory);
        }

        TreeRemover.Remove(paths.Run);
        string[] locks = [paths.Lock, paths.StartLock];
        string[] last = keepLog ? [paths.Configuration, paths.ServerLog, .. locks] : [paths.Configuration, .. locks];
        foreach (var entry in FileNodes.Names(paths.Data).Select(name => Path.Combine(paths.Data, name)).Except(last))
        {
            TreeRemover.Remove(entry);
        }

        File.Delete(paths.Configuration);
        Array.ForEach(locks, File.Delete);
        if (!keepLog)
        {
            RemoveDataDirectory(paths);
        }
    }
}
