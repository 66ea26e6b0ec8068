using System.Collections.Concurrent;
using Coxswain.Api;
using Coxswain.Api.Core.V1;
using Coxswain.Api.Meta.V1;
using Coxswain.Client;
using Coxswain.Node.Containers;
using Coxswain.Node.Planning;
using Coxswain.Node.Probes;
using Coxswain.Node.Runtime;
using Coxswain.Node.Volumes;
using Microsoft.Extensions.Logging;

namespace Coxswain.Node.Pods;

/// <summary>
/// Looks after one pod for all its life on the node. Its loop wakes on any change (pod, runtime, probes, timers, operations
/// that ended), looks at everything, plans, and begins what is to be done; operations run beside it and report back to it.
/// </summary>
internal sealed partial class PodWorker : IDisposable
{
    private static readonly TimeSpan RetryDelay = TimeSpan.FromSeconds(2);

    private readonly PodServices _services;
    private readonly PodStatusBuilder _statuses;
    private readonly PodStatusWriter _writer;
    private readonly PodContainers _containers;
    private readonly PodVolumes _volumes;
    private readonly Signal _signal = new();
    private readonly ITimer _timer;
    private readonly ConcurrentQueue<Action> _posted = new();
    private readonly Dictionary<string, Task> _operations = new(StringComparer.Ordinal);
    private readonly CancellationTokenSource _starting = new();
    private readonly string _uid;

    private Pod _latest;
    private volatile bool _isGone;
    private Pod _pod;
    private PodStatus _status;
    private PodStatus _writtenStatus;
    private readonly PodRejection? _rejection;
    private IDisposable? _kept;
    private IReadOnlyDictionary<string, string> _volumePaths = new Dictionary<string, string>();
    private bool _volumesReady;
    private bool _volumesStale;
    private DateTimeOffset? _volumesNotBefore;
    private DateTimeOffset? _sandboxNotBefore;
    private DateTimeOffset? _cleanUpNotBefore;
    private bool _cleanedUp;
    private (long Grace, DateTimeOffset At)? _terminating;
    private bool _finished;

    /// <param name="rejection">Why the node does not take the pod; null when it does.</param>
    /// <param name="adopted">What an earlier agent left of it.</param>
    public PodWorker(PodServices services, Pod pod, PodRejection? rejection, IReadOnlyList<ContainerInfo> adopted)
    {
        _services = services;
        _pod = _latest = pod;
        _uid = pod.Metadata.Uid;
        _rejection = rejection;
        _status = _writtenStatus = pod.Status;
        _statuses = new PodStatusBuilder(services.RuntimeName, services.Options.NodeAddress);
        _writer = new PodStatusWriter(services.Client, pod.Status);
        _containers = new PodContainers(services, pod, adopted, Post);
        _volumes = services.VolumesOf(_uid);
        _timer = services.Time.CreateTimer(_ => _signal.Set(), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        _signal.Set();
    }

    /// <summary>The pod with the newest status of ours, which the API server may not have yet.</summary>
    public Pod Pod => Volatile.Read(ref _latest) with { Status = Volatile.Read(ref _status) };

    public void Update(Pod pod)
    {
        Volatile.Write(ref _latest, pod);
        _signal.Set();
    }

    /// <summary>The pod is not in the API any more: end it without telling anyone.</summary>
    public void Abandon()
    {
        _isGone = true;
        _signal.Set();
    }

    /// <summary>Something happened to one of its containers.</summary>
    public void Wake() => _signal.Set();

    /// <summary>Returns when the pod is gone from the node, or with cancellation; what runs then goes on running.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        try
        {
            while (!_finished)
            {
                await _signal.WaitAsync(cancellationToken);
                try
                {
                    Sync(cancellationToken);
                }
                catch (Exception exception) when (!cancellationToken.IsCancellationRequested)
                {
                    Log.SyncFailed(_services.Logger, exception, _pod.Metadata.Namespace, _pod.Metadata.Name);
                    WakeIn(RetryDelay);
                }
            }
        }
        finally
        {
            _kept?.Dispose();
            await _starting.CancelAsync();
            await _containers.StopProbesAsync();
            await Task.WhenAll(_operations.Values);
        }
    }

    public void Dispose()
    {
        _timer.Dispose();
        _starting.Dispose();
        _signal.Dispose();
    }

    private void Sync(CancellationToken cancellationToken)
    {
        while (_posted.TryDequeue(out var action))
        {
            action();
        }

        TakeLatest();
        var view = Observe();
        var plan = PodPlanner.Plan(view);
        foreach (var action in plan.Actions)
        {
            Apply(action, view, cancellationToken);
        }

        RefreshVolumes(view, cancellationToken);
        var status = _statuses.Build(plan.Actions.Count > 0 ? Observe() : view, view.Pod.Status);
        Volatile.Write(ref _status, status);
        WriteStatus(cancellationToken);
        WakeAt(view.Now, plan.WakeAt, _containers.WakeAt, _volumesReady ? _volumes.RenewAt : null);
    }

    private void TakeLatest()
    {
        var latest = Volatile.Read(ref _latest);
        if (!ReferenceEquals(latest, _pod))
        {
            // Labels and annotations may stand in a downward API volume.
            _volumesStale |= latest.Metadata.Labels != _pod.Metadata.Labels || latest.Metadata.Annotations != _pod.Metadata.Annotations;
            _pod = latest;
            _containers.Update(_pod);
        }

        var grace = _isGone ? 2 : _pod.Metadata.DeletionTimestamp is null ? (long?)null : _pod.Metadata.DeletionGracePeriodSeconds ?? 30;
        if (grace is { } seconds && (_terminating is not { } known || seconds < known.Grace))
        {
            _terminating = (seconds, _services.Time.GetUtcNow());
            _starting.Cancel();
        }
    }

    private PodView Observe()
    {
        var now = _services.Time.GetUtcNow();
        var sandbox = _rejection is null ? _services.Runtime.FindSandbox(_uid) : null;

        // What we know is newer than what the watch told, but for the conditions of others.
        var own = _status.Conditions.Select(condition => condition.Type).ToHashSet(StringComparer.Ordinal);
        var status = _status with
        {
            Conditions = [.. _status.Conditions.Where(IsOurs), .. _pod.Status.Conditions.Where(condition => !IsOurs(condition) || !own.Contains(condition.Type))],
        };
        var address = sandbox is { Addresses.Count: > 0 } ? sandbox.Addresses[0] : _services.Options.NodeAddress;
        var pod = _pod with { Status = status };
        var ended = _terminating is not null || status.Phase is PodPhase.Succeeded or PodPhase.Failed;
        _containers.Observe(pod, address, ended);
        if (sandbox is not { Ready: true } && !ended && _containers.LoseSandbox())
        {
            _services.Events.Normal(pod, "SandboxChanged", "Pod sandbox changed, it will be killed and re-created.");
        }

        return new PodView(pod, now)
        {
            Containers = [.. _containers.Slots.Select(slot => slot.View())],
            Rejection = _rejection,
            Terminating = _terminating is not null,
            KillAt = _terminating is { } end ? end.At.AddSeconds(end.Grace) : null,
            Volumes = new StepView(_volumesReady, IsBusy("volumes"), _volumesNotBefore),
            Sandbox = sandbox,
            SandboxStep = new StepView(false, IsBusy("sandbox"), _sandboxNotBefore),
            CleanUp = new StepView(_cleanedUp && _terminating is null, IsBusy("clean-up"), _cleanUpNotBefore),
        };
    }

    private static bool IsOurs(PodCondition condition) => condition.Type is PodConditionType.PodReadyToStartContainers
        or PodConditionType.Initialized or PodConditionType.Ready or PodConditionType.ContainersReady or PodConditionType.PodScheduled;

    private void Apply(PodAction action, PodView view, CancellationToken cancellationToken)
    {
        switch (action)
        {
            case MountVolumes:
                Begin("volumes", () => MountVolumesAsync(view.Pod, cancellationToken));
                break;
            case RunSandbox:
                Begin("sandbox", () => RunSandboxAsync(view.Pod, cancellationToken));
                break;
            case StartContainer start:
                BeginStart(_containers[start.Name], view, cancellationToken);
                break;
            case StopContainer stop:
                BeginStop(_containers[stop.Name], view, stop, cancellationToken);
                break;
            case CleanUp:
                var final = _statuses.Build(view, view.Pod.Status);
                var writing = _operations.GetValueOrDefault("status", Task.CompletedTask);
                Begin("clean-up", () => CleanUpAsync(view, final, writing, cancellationToken));
                break;
        }
    }

    private async Task<Action> MountVolumesAsync(Pod pod, CancellationToken cancellationToken)
    {
        _kept ??= _services.Watched.Keep(pod, () => Post(() =>
        {
            _volumesStale = true;
            _volumesNotBefore = null;
        }));
        try
        {
            var addresses = pod.Status.PodIPs.Select(address => address.Ip).ToList();
            var paths = await _volumes.SetUpAsync(pod, addresses, cancellationToken);
            return () =>
            {
                _volumePaths = paths;
                _volumesReady = true;
                _volumesNotBefore = null;
            };
        }
        catch (Exception exception) when (exception is VolumeException or KubeStatusException)
        {
            _services.Events.Warning(pod, "FailedMount", exception.Message);
            return () => _volumesNotBefore = _services.Time.GetUtcNow() + RetryDelay;
        }
    }

    private void RefreshVolumes(PodView view, CancellationToken cancellationToken)
    {
        var due = _volumesStale || (_volumes.RenewAt is { } renew && renew <= view.Now);
        if (!_volumesReady || !due || _terminating is not null || _cleanedUp || IsBusy("volumes") || _volumesNotBefore > view.Now)
        {
            return;
        }

        _volumesStale = false;
        Begin("volumes", () => MountVolumesAsync(view.Pod, cancellationToken));
    }

    private async Task<Action> RunSandboxAsync(Pod pod, CancellationToken cancellationToken)
    {
        try
        {
            await _services.Sandboxes.RunAsync(pod, cancellationToken);
            return () => _sandboxNotBefore = null;
        }
        catch (Exception exception) when (exception is RuntimeException or IOException)
        {
            _services.Events.Warning(pod, "FailedCreatePodSandBox", $"Failed to create pod sandbox: {exception.Message}");
            return () => _sandboxNotBefore = _services.Time.GetUtcNow() + RetryDelay;
        }
    }

    private void BeginStart(ContainerSlot slot, PodView view, CancellationToken cancellationToken)
    {
        if (slot.Current is { State: ContainerRunState.Exited } ended)
        {
            slot.Crashes.Next(ended.FinishedAt ?? view.Now, view.Now);
        }

        slot.Starting = true;
        var attempt = slot.NextAttempt;
        var spec = slot.Spec;
        var addresses = view.Pod.Spec.HostNetwork ? [_services.Options.NodeAddress] : view.Sandbox?.Addresses ?? [];
        var start = new ContainerStart(view.Pod, spec, attempt, addresses, _volumePaths, id => Post(() => Created(slot, id)));
        Begin("start/" + spec.Name, async () =>
        {
            try
            {
                using var linked = CancellationTokenSource.CreateLinkedTokenSource(_starting.Token, cancellationToken);
                await _services.Starter.StartAsync(start, linked.Token);
                return () => Started(slot, view.Pod, cancellationToken);
            }
            catch (AttemptFailedException failure)
            {
                return () =>
                {
                    slot.Starting = false;
                    _containers.StartFailed(slot, view.Pod, attempt, failure);
                };
            }
            catch (OperationCanceledException) when (_starting.IsCancellationRequested)
            {
                return () => slot.Starting = false;
            }
            catch (Exception exception) when (!cancellationToken.IsCancellationRequested)
            {
                Log.OperationFailed(_services.Logger, exception, "start/" + spec.Name, _pod.Metadata.Namespace, _pod.Metadata.Name);
                return () =>
                {
                    slot.Starting = false;
                    _containers.StartFailed(slot, view.Pod, attempt, new AttemptFailedException(StartFailure.Configuration, "CreateContainerError", exception.Message));
                };
            }
        });
    }

    private void Created(ContainerSlot slot, string id)
    {
        var old = slot.Current;
        if (_services.Runtime.FindContainer(id) is { } created)
        {
            slot.Take(created);
        }

        slot.Pulls.Reset();
        if (old is { Id.Length: > 0 })
        {
            Begin("remove/" + old.Id, async () =>
            {
                await _services.Runtime.RemoveContainerAsync(old.Id, CancellationToken.None);
                PodRemoval.ForgetAttempts(_services.Paths, _pod, old.Name, keep: old.Attempt);
                return () => { };
            });
        }
    }

    private void Started(ContainerSlot slot, Pod pod, CancellationToken cancellationToken)
    {
        slot.Starting = false;
        if (slot.Spec.Lifecycle?.PostStart is not { } hook || slot.Current is not { State: not ContainerRunState.Exited } current)
        {
            return;
        }

        var target = new ProbeTarget(current.Id, Address(), slot.Spec);
        Begin("post-start/" + current.Id, async () =>
        {
            if (await _services.Hooks.RunAsync(hook, target, null, cancellationToken) is not { } failure)
            {
                return () => slot.PostStarting &= slot.Current?.Id != current.Id;
            }

            _services.Events.Warning(pod, "FailedPostStartHook", $"PostStartHook failed: {failure}", ContainerStarter.FieldPath(pod, slot.Spec.Name));
            return () =>
            {
                if (slot.Current?.Id == current.Id)
                {
                    slot.Kill = new ContainerKill("FailedPostStartHook");
                }
            };
        });
    }

    private void BeginStop(ContainerSlot slot, PodView view, StopContainer stop, CancellationToken cancellationToken)
    {
        if (slot.Current is not { } current)
        {
            return;
        }

        var hasten = slot.StoppingUntil is not null;
        slot.StoppingUntil = stop.KillAt;
        var target = new ProbeTarget(current.Id, Address(), slot.Spec);
        Begin($"stop/{current.Id}/{stop.KillAt.Ticks}", async () =>
        {
            try
            {
                await (hasten
                    ? _services.Stopper.HastenAsync(current.Id, stop.KillAt, cancellationToken)
                    : _services.Stopper.StopAsync(view.Pod, target, stop.Message, stop.KillAt, cancellationToken));
            }
            catch (RuntimeException exception)
            {
                Log.OperationFailed(_services.Logger, exception, "stop/" + slot.Spec.Name, _pod.Metadata.Namespace, _pod.Metadata.Name);
                await Task.Delay(RetryDelay, _services.Time, cancellationToken);
            }

            return () => slot.StoppingUntil = null;
        });
    }

    /// <param name="writing">A status on its way, which must not overtake the last one.</param>
    private async Task<Action> CleanUpAsync(PodView view, PodStatus final, Task writing, CancellationToken cancellationToken)
    {
        var pod = view.Pod;
        try
        {
            await _services.Runtime.StopSandboxAsync(_uid, cancellationToken);
            PodVolumes.TearDown(_uid, _services.Paths, _services.Mounts);
            if (!view.Terminating)
            {
                return () => _cleanedUp = true;
            }

            if (!_isGone)
            {
                await writing;
                await _writer.WriteAsync(pod, final, cancellationToken);
                await DeleteAsync(pod, cancellationToken);
            }

            // Not cut short when the agent stops: the API does not know the pod any more, and nothing of it runs.
            await _services.Runtime.RemoveSandboxAsync(_uid, CancellationToken.None);
            PodRemoval.RemoveFiles(_services.Paths, pod);
            return () => _finished = true;
        }
        catch (Exception exception) when (!cancellationToken.IsCancellationRequested)
        {
            Log.OperationFailed(_services.Logger, exception, "clean-up", pod.Metadata.Namespace, pod.Metadata.Name);
            return () => _cleanUpNotBefore = _services.Time.GetUtcNow() + RetryDelay;
        }
    }

    private async Task DeleteAsync(Pod pod, CancellationToken cancellationToken)
    {
        try
        {
            await _services.Client.DeleteAsync<Pod>(
                pod.Metadata.Namespace, pod.Metadata.Name,
                new DeleteOptions { GracePeriodSeconds = 0, Preconditions = new Api.Meta.V1.Preconditions { Uid = _uid } }, cancellationToken);
        }
        catch (KubeStatusException exception) when (exception.IsNotFound || exception.IsConflict)
        {
            // Gone already, perhaps with another of the same name in its place.
        }
    }

    private void WriteStatus(CancellationToken cancellationToken)
    {
        if (_isGone || IsBusy("status") || IsBusy("clean-up") || _status == _writtenStatus)
        {
            return;
        }

        var status = _status;
        Begin("status", async () =>
        {
            // A pod that is not there any more is the watch's to tell.
            await _writer.WriteAsync(_pod, status, cancellationToken);
            return () => _writtenStatus = status;
        });
    }

    private string Address() =>
        _services.Runtime.FindSandbox(_uid) is { Addresses.Count: > 0 } sandbox ? sandbox.Addresses[0] : _services.Options.NodeAddress;

    private bool IsBusy(string operation) => _operations.ContainsKey(operation);

    /// <summary>Runs an operation beside the loop; what it returns is then done in the loop.</summary>
    private void Begin(string name, Func<Task<Action>> operation)
    {
        if (!_operations.ContainsKey(name))
        {
            _operations.Add(name, RunAsync(name, operation));
        }
    }

    private async Task RunAsync(string name, Func<Task<Action>> operation)
    {
        await Task.Yield();
        Action then = () => { };
        try
        {
            then = await operation();
        }
        catch (OperationCanceledException)
        {
            // We are stopping.
        }
        catch (Exception exception)
        {
            Log.OperationFailed(_services.Logger, exception, name, _pod.Metadata.Namespace, _pod.Metadata.Name);
            await Task.Delay(RetryDelay, _services.Time, CancellationToken.None);
        }

        Post(() =>
        {
            _operations.Remove(name);
            then();
        });
    }

    private void Post(Action action)
    {
        _posted.Enqueue(action);
        _signal.Set();
    }

    private void WakeAt(DateTimeOffset now, params ReadOnlySpan<DateTimeOffset?> times)
    {
        DateTimeOffset? first = null;
        foreach (var time in times)
        {
            if (time is { } at && (first is null || at < first))
            {
                first = at;
            }
        }

        if (first is { } wake)
        {
            WakeIn(wake > now ? wake - now : TimeSpan.FromMilliseconds(1));
        }
    }

    private void WakeIn(TimeSpan delay) =>
        // Rounded up to the millisecond: timers are no finer, and one that fires early would only arm itself again.
        _timer.Change(TimeSpan.FromMilliseconds(Math.Min(Math.Ceiling(delay.TotalMilliseconds), int.MaxValue)), Timeout.InfiniteTimeSpan);

    private static partial class Log
    {
        [LoggerMessage(LogLevel.Error, "Pod {Namespace}/{Name} could not be looked after and will be tried again")]
        public static partial void SyncFailed(ILogger logger, Exception exception, string @namespace, string name);

        [LoggerMessage(LogLevel.Warning, "Operation {Operation} of pod {Namespace}/{Name} failed and will be tried again")]
        public static partial void OperationFailed(ILogger logger, Exception exception, string operation, string @namespace, string name);
    }
}
