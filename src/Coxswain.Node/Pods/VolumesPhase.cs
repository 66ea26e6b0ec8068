using Coxswain.Api.Core.V1;
using Coxswain.Api.Errors;
using Coxswain.Client.Events;
using Coxswain.Node.Objects;
using Coxswain.Node.Planning;
using Coxswain.Node.Volumes;

namespace Coxswain.Node.Pods;

/// <summary>One pod's volumes: set up once before its containers, and again when what they hold has changed. For the worker's loop alone.</summary>
internal sealed class VolumesPhase(
    PodVolumes volumes, WatchedPodObjects objects, PodOperations operations, EventRecorder events, TimeProvider time) : IDisposable
{
    private const string Name = "volumes";

    /// <summary>The longest wait between two tries; the first is <see cref="PodOperations.RetryDelay"/>, and each is twice the one before.</summary>
    private static readonly TimeSpan LongestDelay = TimeSpan.FromSeconds(20);

    private IDisposable? _watched;
    private bool _ready;
    private bool _stale;
    private DateTimeOffset? _notBefore;
    private TimeSpan _delay = PodOperations.RetryDelay;

    /// <summary>The host path of each volume by its name.</summary>
    public IReadOnlyDictionary<string, string> Paths { get; private set; } = new Dictionary<string, string>();

    public StepView Step => new(_ready, operations.IsRunning(Name), _notBefore);

    /// <summary>When <see cref="Refresh"/> has something to do; null when only an event can tell.</summary>
    public DateTimeOffset? RefreshAt => !_ready || operations.IsRunning(Name) ? null
        : _stale ? _notBefore
        : Later(volumes.RenewAt, _notBefore);

    /// <summary>Something a volume may hold has changed.</summary>
    public void MarkStale() => _stale = true;

    public void Begin(Pod pod, CancellationToken cancellationToken)
    {
        _watched ??= objects.Keep(pod, () => operations.Post(Changed));
        _stale = false;
        operations.Begin(Name, stop => SetUpAsync(pod, stop), Done, () => Failed(), cancellationToken);
    }

    /// <summary>Brings changed content and due tokens into volumes that are in use.</summary>
    public void Refresh(Pod pod, DateTimeOffset now, CancellationToken cancellationToken)
    {
        var due = _stale || volumes.RenewAt <= now;
        if (_ready && due && !operations.IsRunning(Name) && !(_notBefore > now))
        {
            Begin(pod, cancellationToken);
        }
    }

    public void Dispose() => _watched?.Dispose();

    /// <summary>Null when it went wrong for a reason that the pod's events tell.</summary>
    private async Task<IReadOnlyDictionary<string, string>?> SetUpAsync(Pod pod, CancellationToken cancellationToken)
    {
        try
        {
            return await volumes.SetUpAsync(pod, [.. pod.Status.PodIPs.Select(address => address.Ip)], cancellationToken);
        }
        catch (Exception exception) when (exception is VolumeException or KubeStatusException)
        {
            events.Warning(pod, "FailedMount", exception.Message);
            return null;
        }
    }

    private void Done(IReadOnlyDictionary<string, string>? paths)
    {
        if (paths is null)
        {
            Failed();
            return;
        }

        Paths = paths;
        _ready = true;
        _notBefore = null;
        _delay = PodOperations.RetryDelay;
    }

    private void Failed()
    {
        _stale = true;
        _notBefore = time.GetUtcNow() + _delay;
        _delay = _delay * 2 < LongestDelay ? _delay * 2 : LongestDelay;
    }

    private void Changed()
    {
        _stale = true;
        _notBefore = null;
    }

    private static DateTimeOffset? Later(DateTimeOffset? left, DateTimeOffset? right) =>
        left is { } first && right is { } second && second > first ? right : left;
}
