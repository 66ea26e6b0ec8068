using Coxswain.Api.Core.V1;
using Coxswain.Client.Informers;
using Coxswain.Node.Planning;
using Coxswain.Node.Runtime;
using Coxswain.Node.Volumes;
using Microsoft.Extensions.Logging;

namespace Coxswain.Node.Pods;

/// <summary>Keeps a worker for each pod of the node: adopts what an earlier agent left, and removes what belongs to nobody.</summary>
internal sealed partial class PodManager(PodServices services, Informer<Pod> pods)
{
    private readonly Lock _lock = new();
    private readonly Dictionary<string, (PodWorker Worker, Task Running)> _workers = new(StringComparer.Ordinal);

    /// <summary>The node's pods with the newest status we know.</summary>
    public IReadOnlyList<Pod> Pods
    {
        get
        {
            lock (_lock)
            {
                return [.. _workers.Values.Select(entry => entry.Worker.Pod)];
            }
        }
    }

    /// <summary>Runs until cancelled. Containers then go on running.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        using var events = services.Runtime.Subscribe();
        await pods.WaitForSyncAsync(cancellationToken);
        var left = services.Runtime.ListContainers().ToLookup(container => container.SandboxId);
        pods.OnChange((old, current) => Changed(old, current, left, cancellationToken));
        var tidying = RemoveOrphansAsync(cancellationToken);
        try
        {
            while (true)
            {
                Route(await events.ReadAsync(cancellationToken));
            }
        }
        finally
        {
            Task[] running;
            lock (_lock)
            {
                running = [.. _workers.Values.Select(entry => entry.Running), tidying];
            }

            await Task.WhenAll(running).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ContinueOnCapturedContext);
        }
    }

    private void Route(RuntimeEvent happened)
    {
        lock (_lock)
        {
            if (happened.Type == RuntimeEventType.Lost)
            {
                foreach (var (worker, _) in _workers.Values)
                {
                    worker.Wake();
                }
            }
            else if (_workers.TryGetValue(happened.SandboxId, out var entry))
            {
                entry.Worker.Wake();
            }
        }
    }

    private void Changed(Pod? old, Pod? current, ILookup<string, ContainerInfo> left, CancellationToken cancellationToken)
    {
        lock (_lock)
        {
            if (old is not null && old.Metadata.Uid != current?.Metadata.Uid && _workers.TryGetValue(old.Metadata.Uid, out var gone))
            {
                gone.Worker.Abandon();
            }

            if (current is null || cancellationToken.IsCancellationRequested)
            {
                return;
            }

            var uid = current.Metadata.Uid;
            if (_workers.TryGetValue(uid, out var known))
            {
                known.Worker.Update(current);
                return;
            }

            var others = _workers.Values.Select(entry => entry.Worker.Pod).ToList();
            var isNew = current.Status.StartTime is null && current.Metadata.DeletionTimestamp is null;
            var rejection = isNew
                ? PodAdmission.Check(current, others, services.Allocatable, services.Options.MaxPods)
                : null;
            if (rejection is not null)
            {
                services.Events.Warning(current, rejection.Reason, rejection.Message);
            }

            var worker = new PodWorker(services, current, rejection, [.. left[uid]]);
            _workers.Add(uid, (worker, RunAsync(uid, worker, cancellationToken)));
        }
    }

    private async Task RunAsync(string uid, PodWorker worker, CancellationToken cancellationToken)
    {
        await Task.Yield(); // The caller holds the lock.
        try
        {
            await worker.RunAsync(cancellationToken);
        }
        finally
        {
            lock (_lock)
            {
                _workers.Remove(uid);
            }

            worker.Dispose();
        }
    }

    private async Task RemoveOrphansAsync(CancellationToken cancellationToken)
    {
        await Task.Yield();
        var known = pods.List().Select(pod => pod.Metadata.Uid).ToHashSet(StringComparer.Ordinal);
        var there = services.Runtime.ListSandboxes().Select(sandbox => sandbox.Config.Id)
            .Concat(services.Runtime.ListContainers().Select(container => container.SandboxId))
            .Concat(Names(services.Paths.Pods));
        var orphans = there.Distinct(StringComparer.Ordinal).Where(uid => uid.Length > 0 && !known.Contains(uid)).ToList();
        foreach (var uid in orphans)
        {
            try
            {
                await services.Runtime.RemoveSandboxAsync(uid, cancellationToken);
                PodVolumes.TearDown(uid, services.Paths, services.Mounts);
                PodRemoval.Remove(services.Paths.Pod(uid));
                Log.OrphanRemoved(services.Logger, uid);
            }
            catch (Exception exception) when (!cancellationToken.IsCancellationRequested)
            {
                Log.OrphanNotRemoved(services.Logger, exception, uid);
            }
        }

        // Logs are named <namespace>_<pod>_<uid>; those of another cluster on this machine are not ours to remove.
        foreach (var logs in Names(services.Paths.PodLogsDirectory).Where(name => orphans.Contains(name[(name.LastIndexOf('_') + 1)..])))
        {
            PodRemoval.Remove(Path.Combine(services.Paths.PodLogsDirectory, logs));
        }
    }

    private static IEnumerable<string> Names(string directory) =>
        Directory.Exists(directory) ? Directory.EnumerateDirectories(directory).Select(path => Path.GetFileName(path)) : [];

    private static partial class Log
    {
        [LoggerMessage(LogLevel.Information, "Removed what was left of pod {Uid}, which no longer exists")]
        public static partial void OrphanRemoved(ILogger logger, string uid);

        [LoggerMessage(LogLevel.Warning, "What is left of pod {Uid}, which no longer exists, could not be removed")]
        public static partial void OrphanNotRemoved(ILogger logger, Exception exception, string uid);
    }
}
