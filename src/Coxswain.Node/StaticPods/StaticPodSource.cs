using Coxswain.Api.Core.V1;
using Coxswain.Api.Errors;
using Coxswain.Client.Informers;
using Coxswain.Node.PodFacts;
using Coxswain.Node.Pods;
using Microsoft.Extensions.Logging;
using Signal = Coxswain.Node.Pods.Signal;

namespace Coxswain.Node.StaticPods;

/// <summary>
/// Keeps the node's static pods as their manifests say: begins them, ends those whose manifest went or changed, and sees that each
/// has its mirror in the API. The pods run whether or not the API takes their mirrors.
/// </summary>
internal sealed partial class StaticPodSource(
    string directory, StaticManifests manifests, Mirrors mirrors, PodManager manager, Informer<Pod> pods, TimeProvider time, ILogger logger)
{
    private const long DefaultGraceSeconds = 30;

    private static readonly TimeSpan RetryDelay = TimeSpan.FromSeconds(3);

    /// <summary>By UID, until nothing of them is left.</summary>
    private readonly Dictionary<string, Pod> _running = new(StringComparer.Ordinal);

    public async Task RunAsync(CancellationToken cancellationToken)
    {
        using var signal = new Signal();
        Directory.CreateDirectory(directory);
        // Every file is read anew on each signal, so that one that is lost is made up for by the next.
        using var watcher = new FileSystemWatcher(directory)
        {
            NotifyFilter = NotifyFilters.FileName | NotifyFilters.LastWrite | NotifyFilters.Size,
        };
        watcher.Created += (_, _) => signal.Set();
        watcher.Changed += (_, _) => signal.Set();
        watcher.Deleted += (_, _) => signal.Set();
        watcher.Renamed += (_, _) => signal.Set();
        watcher.Error += (_, _) => signal.Set();
        watcher.EnableRaisingEvents = true;
        await manager.Started.WaitAsync(cancellationToken);
        manager.PodEnded += signal.Set;
        pods.OnChange((old, current) =>
        {
            if (MirrorPods.IsMirror(old) || MirrorPods.IsMirror(current))
            {
                signal.Set();
            }
        });
        signal.Set();
        try
        {
            await LoopAsync(signal, cancellationToken);
        }
        finally
        {
            manager.PodEnded -= signal.Set;
        }
    }

    private async Task LoopAsync(Signal signal, CancellationToken cancellationToken)
    {
        while (true)
        {
            await signal.WaitAsync(cancellationToken);
            try
            {
                var wanted = manifests.Read();
                EndAndBegin(wanted);
                await MirrorAsync(wanted, cancellationToken);
            }
            catch (Exception exception) when (!cancellationToken.IsCancellationRequested)
            {
                Log.Failed(logger, exception);
                await Task.Delay(RetryDelay, time, cancellationToken);
                signal.Set();
            }
        }
    }

    private void EndAndBegin(IReadOnlyList<Pod> wanted)
    {
        foreach (var (uid, pod) in _running.ToList())
        {
            if (!manager.Contains(uid))
            {
                _running.Remove(uid);
            }
            else if (wanted.All(other => other.Metadata.Uid != uid))
            {
                manager.End(uid, pod.Spec.TerminationGracePeriodSeconds ?? DefaultGraceSeconds);
            }
        }

        foreach (var pod in wanted.Where(pod => !_running.ContainsKey(pod.Metadata.Uid)))
        {
            // One of the same name that is ending has its room, its ports and its mirror until it has ended.
            if (_running.Values.All(other => !IsSameName(other, pod)))
            {
                var mirror = MirrorOf(pod);
                manager.Add(mirror is null ? pod : Mirrors.Static(pod, mirror), mirrors);
                _running[pod.Metadata.Uid] = pod;
            }
        }
    }

    private async Task MirrorAsync(IReadOnlyList<Pod> wanted, CancellationToken cancellationToken)
    {
        foreach (var mirror in pods.List().Where(MirrorPods.IsMirror))
        {
            if (_running.TryGetValue(MirrorPods.MirroredUid(mirror), out var pod) && IsSameName(pod, mirror) && mirror.Metadata.DeletionTimestamp is null)
            {
                manager.Update(Mirrors.Static(pod, mirror));
            }
            else
            {
                // Somebody deletes it, and it comes again; or nothing is left of what it mirrors.
                await mirrors.DeleteAsync(mirror, cancellationToken);
            }
        }

        foreach (var pod in wanted.Where(pod => _running.ContainsKey(pod.Metadata.Uid) && pods.Get(pod.Metadata.Namespace, pod.Metadata.Name) is null))
        {
            try
            {
                await mirrors.CreateAsync(pod, cancellationToken);
            }
            catch (KubeStatusException exception) when (exception.IsConflict || exception.IsAlreadyExists)
            {
                // The cache is behind; what it then shows wakes us.
            }
        }
    }

    private Pod? MirrorOf(Pod pod) =>
        pods.Get(pod.Metadata.Namespace, pod.Metadata.Name) is { } found && MirrorPods.MirroredUid(found) == pod.Metadata.Uid ? found : null;

    private static bool IsSameName(Pod left, Pod right) =>
        left.Metadata.Name == right.Metadata.Name && left.Metadata.Namespace == right.Metadata.Namespace;

    private static partial class Log
    {
        [LoggerMessage(LogLevel.Warning, "Static pods could not all be seen to, and are tried again")]
        public static partial void Failed(ILogger logger, Exception exception);
    }
}
