using Coxswain.Node.Files;
using Coxswain.Node.Runtime;
using Coxswain.Node.Volumes;
using Microsoft.Extensions.Logging;

namespace Coxswain.Node.Pods;

/// <summary>What earlier agents left: of pods that are gone, and of attempts that they did not get to start.</summary>
internal sealed partial class OrphanedPods(IPodRuntime runtime, NodeVolumes volumes, NodePaths paths, TimeProvider time, ILogger logger)
{
    /// <summary>How soon a failed look at what there is is tried again.</summary>
    private static readonly TimeSpan RetryDelay = TimeSpan.FromSeconds(3);

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

    /// <summary>
    /// Removes what is left of pods that are gone. One that cannot be removed does not keep the others; what there is must be seen as a
    /// whole, and is looked for until it is.
    /// </summary>
    /// <param name="isKnown">Whether the pod of a UID is there. Asked after what there is was listed: pods go on arriving.</param>
    public async Task RemoveAsync(Func<string, bool> isKnown, CancellationToken cancellationToken)
    {
        await Task.Yield();
        while (true)
        {
            try
            {
                await RemoveOnceAsync(isKnown, cancellationToken);
                return;
            }
            catch (Exception exception) when (!cancellationToken.IsCancellationRequested)
            {
                Log.NotListed(logger, exception);
                await Task.Delay(RetryDelay, time, cancellationToken);
            }
        }
    }

    private async Task RemoveOnceAsync(Func<string, bool> isKnown, CancellationToken cancellationToken)
    {
        var containers = await runtime.ListContainersAsync(cancellationToken);
        var there = (await runtime.ListPodSandboxAsync(cancellationToken)).Select(sandbox => sandbox.Config.Id)
            .Concat(containers.Select(container => container.SandboxId))
            .Concat(Names(paths.Pods));
        List<string> listed = [.. there.Distinct(StringComparer.Ordinal).Where(uid => uid.Length > 0)];
        List<string> orphans = [.. listed.Where(uid => !isKnown(uid))];
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

        [LoggerMessage(LogLevel.Warning, "What earlier agents left cannot be looked through and will be again")]
        public static partial void NotListed(ILogger logger, Exception exception);

        [LoggerMessage(LogLevel.Warning, "What an earlier agent left of pod {Uid} could not be removed")]
        public static partial void NotRemoved(ILogger logger, Exception exception, string uid);
    }
}
