using Coxswain.Node.Files;
using Coxswain.Node.Runtime;
using Coxswain.Node.Volumes;
using Microsoft.Extensions.Logging;

namespace Coxswain.Node.Pods;

/// <summary>What earlier agents left: of pods that are gone, and of attempts that they did not get to start.</summary>
internal sealed partial class OrphanedPods(IPodRuntime runtime, NodeVolumes volumes, NodePaths paths, ILogger logger)
{
    /// <summary>Removes containers that were made and not started, before anybody makes others, and returns the rest.</summary>
    public async Task<IReadOnlyList<ContainerInfo>> RemoveUnstartedAsync(CancellationToken cancellationToken)
    {
        var containers = await runtime.ListContainersAsync(cancellationToken);
        foreach (var container in containers.Where(container => container.State == ContainerRunState.Created))
        {
            try
            {
                await runtime.RemoveContainerAsync(container.Id, cancellationToken);
            }
            catch (RuntimeException exception)
            {
                Log.NotRemoved(logger, exception, container.SandboxId);
            }
        }

        return [.. containers.Where(container => container.State != ContainerRunState.Created)];
    }

    /// <summary>Removes what is left of pods that are gone. One that cannot be removed does not keep the others.</summary>
    /// <param name="known">The UIDs of pods that are there.</param>
    public async Task RemoveAsync(IReadOnlySet<string> known, CancellationToken cancellationToken)
    {
        await Task.Yield();
        var containers = await runtime.ListContainersAsync(cancellationToken);
        var there = (await runtime.ListPodSandboxAsync(cancellationToken)).Select(sandbox => sandbox.Config.Id)
            .Concat(containers.Select(container => container.SandboxId))
            .Concat(Names(paths.Pods));
        var orphans = there.Distinct(StringComparer.Ordinal).Where(uid => uid.Length > 0 && !known.Contains(uid)).ToList();
        foreach (var uid in orphans)
        {
            try
            {
                await runtime.RemovePodSandboxAsync(uid, cancellationToken);
                volumes.TearDown(uid);
                PodRemoval.Remove(paths.Pod(uid));
                Log.Removed(logger, uid);
            }
            catch (Exception exception) when (!cancellationToken.IsCancellationRequested)
            {
                Log.NotRemoved(logger, exception, uid);
            }
        }

        // Logs are named <namespace>_<pod>_<uid>; those of another cluster on this machine are not ours to remove.
        foreach (var logs in Names(paths.PodLogsDirectory).Where(name => orphans.Contains(name[(name.LastIndexOf('_') + 1)..])))
        {
            PodRemoval.Remove(Path.Combine(paths.PodLogsDirectory, logs));
        }
    }

    private static IEnumerable<string> Names(string directory) =>
        Directory.Exists(directory) ? Directory.EnumerateDirectories(directory).Select(path => Path.GetFileName(path)) : [];

    private static partial class Log
    {
        [LoggerMessage(LogLevel.Information, "Removed what was left of pod {Uid}, which no longer exists")]
        public static partial void Removed(ILogger logger, string uid);

        [LoggerMessage(LogLevel.Warning, "What an earlier agent left of pod {Uid} could not be removed")]
        public static partial void NotRemoved(ILogger logger, Exception exception, string uid);
    }
}
