using Coxswain.Api.Core.V1;
using Coxswain.Client.Events;
using Coxswain.Client.Informers;
using Coxswain.Node.Planning;
using Coxswain.Node.PodFacts;
using Coxswain.Node.Runtime;

namespace Coxswain.Node.Pods;

/// <summary>Keeps a worker for each pod of the node: adopts what an earlier agent left, and removes what belongs to nobody.</summary>
/// <param name="isOwn">Whether the node itself has a pod of that UID, beside those of the API; it may not be added yet.</param>
internal sealed class PodManager(
    PodWorkerFactory workers, PodAdmission admission, OrphanedPods orphans, IPodRuntime runtime, Informer<Pod> pods, Func<string, bool> isOwn,
    EventRecorder events)
    : IEvictablePods
{
    private readonly Lock _lock = new();
    private readonly Dictionary<string, (PodWorker Worker, Task Running)> _workers = new(StringComparer.Ordinal);

    private readonly TaskCompletionSource _started = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private Run? _run;

    /// <summary>Completes when the node's own pods can be added.</summary>
    public Task Started => _started.Task;

    /// <summary>Told of every pod of which nothing is left on the node.</summary>
    public event Action? PodEnded;

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
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        using var happenings = runtime.GetContainerEvents();
        var version = await runtime.VersionAsync(cancellationToken);
        await pods.WaitForSyncAsync(cancellationToken);
        var left = (await orphans.RemoveUnstartedAsync(cancellationToken)).ToLookup(container => container.SandboxId);
        var run = _run = new Run(version.Name, left, stop.Token);
        pods.OnChange((old, current) => Changed(old, current, run));
        _started.TrySetResult();
        var tidying = orphans.RemoveAsync(IsKnown, stop.Token);
        try
        {
            while (true)
            {
                Route(await happenings.ReadAsync(cancellationToken));
            }
        }
        finally
        {
            // Workers end with us, also when it is us who fail.
            await stop.CancelAsync();
            Task[] running;
            lock (_lock)
            {
                running = [.. _workers.Values.Select(entry => entry.Running), tidying];
            }

            await Task.WhenAll(running).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ContinueOnCapturedContext);
        }
    }

    public bool Evict(string podUid, PodFailure failure, TimeSpan grace)
    {
        lock (_lock)
        {
            if (!_workers.TryGetValue(podUid, out var entry))
            {
                return false;
            }

            entry.Worker.Evict(failure, grace);
            return true;
        }
    }

    /// <summary>Begins to run a pod that the node has of itself. Only after <see cref="Started"/>.</summary>
    /// <param name="statuses">Where its status is written.</param>
    public void Add(Pod pod, IPodStatuses statuses)
    {
        lock (_lock)
        {
            Begin(pod, statuses, _run!); // It has started.
        }
    }

    /// <summary>What is known of one of them changed.</summary>
    public void Update(Pod pod)
    {
        lock (_lock)
        {
            if (_workers.TryGetValue(pod.Metadata.Uid, out var entry))
            {
                entry.Worker.Update(pod);
            }
        }
    }

    /// <summary>Ends one of them.</summary>
    public void End(string podUid, long graceSeconds)
    {
        lock (_lock)
        {
            if (_workers.TryGetValue(podUid, out var entry))
            {
                entry.Worker.Abandon(graceSeconds);
            }
        }
    }

    /// <summary>Whether something of the pod is left on the node.</summary>
    public bool Contains(string podUid)
    {
        lock (_lock)
        {
            return _workers.ContainsKey(podUid);
        }
    }

    /// <summary>The API has the pod, or a worker still sees to its end.</summary>
    private bool IsKnown(string podUid)
    {
        lock (_lock)
        {
            if (_workers.ContainsKey(podUid))
            {
                return true;
            }
        }

        return isOwn(podUid) || pods.List().Any(pod => pod.Metadata.Uid == podUid);
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

    /// <summary>The API's mirrors of pods that the node has of itself are not run: those are.</summary>
    private void Changed(Pod? old, Pod? current, Run run)
    {
        if (MirrorPods.IsMirror(old) || MirrorPods.IsMirror(current))
        {
            return;
        }

        lock (_lock)
        {
            if (old is not null && old.Metadata.Uid != current?.Metadata.Uid && _workers.TryGetValue(old.Metadata.Uid, out var gone))
            {
                gone.Worker.Abandon();
            }

            if (current is null || run.CancellationToken.IsCancellationRequested)
            {
                return;
            }

            var uid = current.Metadata.Uid;
            if (_workers.TryGetValue(uid, out var known))
            {
                known.Worker.Update(current);
                WakeOthers(uid);
                return;
            }

            Begin(current, null, run);
        }
    }

    private void Begin(Pod pod, IPodStatuses? statuses, Run run)
    {
        var uid = pod.Metadata.Uid;
        var worker = workers.Create(run.RuntimeName, pod, Admit(pod), [.. run.Left[uid]], statuses, AdmitResize);
        _workers.Add(uid, (worker, RunAsync(uid, worker, run.CancellationToken)));
    }

    /// <summary>Why the node does not take a pod. One that it took before stays.</summary>
    private PodFailure? Admit(Pod pod)
    {
        if (pod.Status.StartTime is not null || pod.Metadata.DeletionTimestamp is not null)
        {
            return null;
        }

        var rejection = admission.Check(pod, Others(pod));
        if (rejection is not null)
        {
            events.Warning(pod, rejection.Reason, rejection.Message);
        }

        return rejection;
    }

    /// <summary>Why the node cannot give a pod other resources than it has. Called by workers.</summary>
    private PodFailure? AdmitResize(Pod pod)
    {
        lock (_lock)
        {
            var refused = admission.CheckResize(pod, Others(pod));
            if (refused is null && _workers.TryGetValue(pod.Metadata.Uid, out var entry))
            {
                // Taken before anybody else asks.
                entry.Worker.Grant(pod);
            }

            return refused;
        }
    }

    private List<Pod> Others(Pod pod) =>
        [.. _workers.Where(entry => entry.Key != pod.Metadata.Uid && !entry.Value.Worker.HasEnded).Select(entry => entry.Value.Worker.Allocated)];

    /// <summary>A pod may have given back what others wait for.</summary>
    private void WakeOthers(string uid)
    {
        foreach (var (other, entry) in _workers)
        {
            if (other != uid && entry.Worker.WaitsForRoom)
            {
                entry.Worker.Wake();
            }
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
                WakeOthers(uid);
            }

            worker.Dispose();
            PodEnded?.Invoke();
        }
    }

    /// <param name="RuntimeName">The word before <c>://</c> in a containerID.</param>
    /// <param name="Left">What an earlier agent left, by pod.</param>
    private sealed record Run(string RuntimeName, ILookup<string, ContainerInfo> Left, CancellationToken CancellationToken);
}
