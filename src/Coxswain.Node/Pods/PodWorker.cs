using Coxswain.Api.Core.V1;
using Coxswain.Api.Meta.V1;
using Coxswain.Client.Events;
using Coxswain.Node.Planning;
using Coxswain.Node.PodFacts;
using Microsoft.Extensions.Logging;

namespace Coxswain.Node.Pods;

/// <summary>
/// Looks after one pod for all its life on the node. Its loop wakes on any change (pod, runtime, probes, timers, operations
/// that ended), looks at everything, plans, and has the phases begin what is to be done; their work runs beside it.
/// </summary>
internal sealed partial class PodWorker : IDisposable
{
    /// <summary>What a pod gets that the API does not have any more.</summary>
    private const long GoneGraceSeconds = 2;
    private const long DefaultGraceSeconds = 30;

    private readonly PodReport _report;
    private readonly PodPhases _phases;
    private readonly PodStatusBuilder _statuses;
    private readonly PodOperations _operations;
    private readonly PodFailure? _rejection;
    private readonly EventRecorder _events;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly Signal _signal;
    private readonly ITimer _timer;

    private Pod _pod;
    private PodSpec? _seen;
    private volatile Pod _allocated;
    private long _goneGraceSeconds = GoneGraceSeconds;
    private volatile bool _isGone;
    private volatile bool _hasEnded;
    private volatile bool _waitsForRoom;
    private volatile PodEviction? _eviction;
    private (long Grace, DateTimeOffset At)? _terminating;

    /// <param name="rejection">Why the node does not take the pod; null when it does.</param>
    public PodWorker(
        PodReport report, PodPhases phases, PodStatusBuilder statuses, PodOperations operations, Signal signal, PodFailure? rejection,
        EventRecorder events, TimeProvider time, ILogger logger)
    {
        _report = report;
        _phases = phases;
        _statuses = statuses;
        _operations = operations;
        _signal = signal;
        _rejection = rejection;
        _events = events;
        _time = time;
        _logger = logger;
        _pod = report.Pod;
        _allocated = phases.Containers.Allocated(_pod);
        _timer = time.CreateTimer(_ => _signal.Set(), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        _signal.Set();
    }

    /// <summary>The pod with the newest status of ours, which the API server may not have yet.</summary>
    public Pod Pod => _report.Pod;

    /// <summary>The pod with the resources that its containers have or are about to get, which may not be those it asks for.</summary>
    public Pod Allocated => _allocated;

    /// <summary>The node gives it what it asks for.</summary>
    public void Grant(Pod pod) => _allocated = pod;

    /// <summary>It asks for more than the node can give it now.</summary>
    public bool WaitsForRoom => _waitsForRoom;

    /// <summary>Nothing of it runs any more, nor will: what it took of the node is free.</summary>
    public bool HasEnded => _hasEnded;

    public void Update(Pod pod)
    {
        _report.Update(pod);
        _signal.Set();
    }

    /// <summary>The pod is nowhere any more that it came from: end it without telling anyone.</summary>
    /// <param name="graceSeconds">What it gets to end by itself.</param>
    public void Abandon(long graceSeconds = GoneGraceSeconds)
    {
        if (!_isGone)
        {
            _goneGraceSeconds = graceSeconds;
            _isGone = true;
        }

        _signal.Set();
    }

    /// <summary>The node cannot keep the pod. The first eviction stands.</summary>
    public void Evict(PodFailure failure, TimeSpan grace)
    {
        _eviction ??= new PodEviction(failure, _time.GetUtcNow() + grace);
        _signal.Set();
    }

    /// <summary>Something happened to one of its containers.</summary>
    public void Wake() => _signal.Set();

    /// <summary>Returns when the pod is gone from the node, or with cancellation; what runs then goes on running.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        try
        {
            while (!_phases.CleanUp.Finished)
            {
                await _signal.WaitAsync(cancellationToken);
                try
                {
                    await SyncAsync(stop.Token);
                }
                catch (Exception exception) when (!cancellationToken.IsCancellationRequested)
                {
                    Log.SyncFailed(_logger, exception, _pod.Metadata.Namespace, _pod.Metadata.Name);
                    WakeIn(PodOperations.RetryDelay);
                }
            }
        }
        finally
        {
            await stop.CancelAsync();
            await _phases.Containers.StopProbesAsync();
            await _operations.WhenAllAsync();
        }
    }

    public void Dispose()
    {
        _timer.Dispose();
        _phases.Dispose();
        _signal.Dispose();
    }

    private async Task SyncAsync(CancellationToken cancellationToken)
    {
        _operations.RunPosted();
        TakeLatest();
        var view = await ObserveAsync(cancellationToken);
        var plan = PodPlanner.Plan(view);
        var isEnding = RestartRules.IsEnding(view);
        if (isEnding)
        {
            _phases.Starts.Cancel();
        }

        var status = _statuses.Build(view, view.Pod.Status);
        if (plan.Actions.Count > 0)
        {
            // The last status must be known before the pod is cleaned up with it.
            _report.Set(status);
            foreach (var action in plan.Actions)
            {
                Apply(action, view, cancellationToken);
            }

            status = _statuses.Build(View(view.Pod), view.Pod.Status);
        }

        if (!isEnding)
        {
            _phases.Volumes.Refresh(view.Pod, view.Now, cancellationToken);
        }

        _report.Set(status);
        if (!_isGone)
        {
            _phases.Status.BeginIfChanged(cancellationToken);
        }

        WakeAt(view.Now, plan.WakeAt, isEnding ? null : _phases.Containers.WakeAt, isEnding ? null : _phases.Volumes.RefreshAt);
    }

    private void TakeLatest()
    {
        var latest = _report.Pod;
        if (!ReferenceEquals(latest.Spec, _seen) || _phases.Resizes.Pending is not null)
        {
            _seen = latest.Spec;
            _allocated = _phases.Resizes.Allocate(latest, _allocated);
            _phases.Containers.Update(_allocated);
            _waitsForRoom = _phases.Resizes.Pending is not null;
        }

        // Labels and annotations may stand in a downward API volume.
        if (!SameLabels(latest.Metadata, _pod.Metadata))
        {
            _phases.Volumes.MarkStale();
        }

        _pod = latest;
        var grace = _isGone ? _goneGraceSeconds
            : latest.Metadata.DeletionTimestamp is null ? (long?)null
            : latest.Metadata.DeletionGracePeriodSeconds ?? DefaultGraceSeconds;
        if (grace is { } seconds && (_terminating is not { } known || seconds < known.Grace))
        {
            _terminating = (seconds, _time.GetUtcNow());
        }
    }

    private async Task<PodView> ObserveAsync(CancellationToken cancellationToken)
    {
        if (_rejection is null)
        {
            await _phases.Sandbox.ObserveAsync(_pod, cancellationToken);
        }

        var ended = _terminating is not null || _pod.Status.Phase is PodPhase.Succeeded or PodPhase.Failed;
        await _phases.Containers.ObserveAsync(_pod, Address, ended, cancellationToken);
        if (_phases.Sandbox.Status is not { Ready: true } && !ended && _phases.Containers.LoseSandbox())
        {
            _events.Normal(_pod, "SandboxChanged", "Pod sandbox changed, it will be killed and re-created.");
        }

        return View(_pod);
    }

    private PodView View(Pod pod) => new(pod, _time.GetUtcNow())
    {
        Containers = _phases.Containers.Views,
        Rejection = _rejection,
        Eviction = _eviction?.Failure,
        PendingResize = _phases.Resizes.Pending,
        Terminating = _terminating is not null,
        KillAt = Earlier(_terminating is { } end ? end.At + GracePeriods.Of(end.Grace) : null, _eviction?.KillAt),
        Volumes = _phases.Volumes.Step,
        Sandbox = _phases.Sandbox.Status,
        SandboxStep = _phases.Sandbox.Step,
        CleanUp = _phases.CleanUp.Step(_terminating is not null),
    };

    /// <summary>Where probes and hooks of its containers go.</summary>
    private string Address => _phases.Sandbox.Status is { Addresses.Count: > 0 } sandbox ? sandbox.Addresses[0] : _statuses.HostAddress;

    private void Apply(PodAction action, PodView view, CancellationToken cancellationToken)
    {
        switch (action)
        {
            case MountVolumes:
                _phases.Volumes.Begin(view.Pod, cancellationToken);
                break;
            case RunSandbox:
                _phases.Sandbox.Begin(view.Pod, cancellationToken);
                break;
            case StartContainer start:
                _phases.Starts.Begin(_phases.Containers[start.Name], view, _phases.Volumes.Paths, cancellationToken);
                break;
            case StopContainer stop:
                _phases.Stops.Begin(_phases.Containers[stop.Name], view.Pod, stop, Address, cancellationToken);
                break;
            case ResizeContainer resize when view.Sandbox is { } sandbox:
                _phases.Resizes.Begin(_phases.Containers[resize.Name], _allocated, sandbox.Config, cancellationToken);
                break;
            case CleanUp:
                _hasEnded = true;
                _phases.CleanUp.Begin(view.Pod, view.Terminating, _isGone, cancellationToken);
                break;
        }
    }

    /// <summary>By value: an update brings dictionaries of its own.</summary>
    private static bool SameLabels(ObjectMeta left, ObjectMeta right) =>
        ObjectMeta.Empty with { Labels = left.Labels, Annotations = left.Annotations }
        == ObjectMeta.Empty with { Labels = right.Labels, Annotations = right.Annotations };

    private static DateTimeOffset? Earlier(DateTimeOffset? left, DateTimeOffset? right) => left is null || right < left ? right : left;

    private void WakeAt(DateTimeOffset now, params ReadOnlySpan<DateTimeOffset?> times)
    {
        DateTimeOffset? first = null;
        foreach (var time in times)
        {
            first = time is { } at && !(at >= first) ? at : first;
        }

        if (first is not { } wake)
        {
            return;
        }

        // Time went on while we looked: what is due by now must not wait for as long again.
        var left = wake - _time.GetUtcNow();
        if (left <= TimeSpan.Zero && wake > now)
        {
            _signal.Set();
            return;
        }

        WakeIn(left > TimeSpan.Zero ? left : TimeSpan.FromMilliseconds(1));
    }

    private void WakeIn(TimeSpan delay) =>
        // Rounded up to the millisecond: timers are no finer, and one that fires early would only arm itself again.
        _timer.Change(TimeSpan.FromMilliseconds(Math.Min(Math.Ceiling(delay.TotalMilliseconds), int.MaxValue)), Timeout.InfiniteTimeSpan);

    private sealed record PodEviction(PodFailure Failure, DateTimeOffset KillAt);

    private static partial class Log
    {
        [LoggerMessage(LogLevel.Error, "Pod {Namespace}/{Name} could not be looked after and will be tried again")]
        public static partial void SyncFailed(ILogger logger, Exception exception, string @namespace, string name);
    }
}
