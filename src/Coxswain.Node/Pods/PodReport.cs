using Coxswain.Api.Core.V1;
using Coxswain.Api.Errors;
using Coxswain.Node.Planning;

namespace Coxswain.Node.Pods;

/// <summary>
/// The one owner of what is known of a pod: its newest form in the API, and the newest status of ours, which the API may not have
/// yet. The watch and the pod's loop both call it.
/// </summary>
internal sealed class PodReport
{
    /// <summary>How often a write is merged with what others wrote meanwhile before it counts as failed.</summary>
    private const int MaxConflicts = 5;

    private readonly IPodStatuses _statuses;
    private readonly Lock _lock = new();

    /// <summary>As the API has it, as far as we know.</summary>
    private Pod _known;

    /// <summary>What we wrote last, and what the API made of it (it keeps whole seconds, for example).</summary>
    private PodStatus _written;
    private PodStatus _acknowledged;

    private PodStatus _status;
    private Pod _pod;

    public PodReport(Pod pod, IPodStatuses statuses)
    {
        _statuses = statuses;
        _known = _pod = pod;
        _status = _written = _acknowledged = pod.Status;
    }

    /// <summary>The pod with the newest status of ours and the conditions of others.</summary>
    public Pod Pod
    {
        get
        {
            lock (_lock)
            {
                return _pod;
            }
        }
    }

    /// <summary>Whether the API has the newest status.</summary>
    public bool IsWritten
    {
        get
        {
            lock (_lock)
            {
                return Changes().IsEmpty;
            }
        }
    }

    /// <summary>Takes what a watch told, unless we know a newer form from an answer.</summary>
    public void Update(Pod pod)
    {
        lock (_lock)
        {
            Know(pod);
        }
    }

    public void Set(PodStatus status)
    {
        lock (_lock)
        {
            _status = status;
            Merge();
        }
    }

    /// <summary>Writes what changed. A pod that is gone, or is another one of the same name, is success. Not for concurrent use.</summary>
    public async Task WriteAsync(CancellationToken cancellationToken)
    {
        for (var conflicts = 0; ; conflicts++)
        {
            var (changes, status) = Take();
            if (changes.IsEmpty)
            {
                return;
            }

            try
            {
                Acknowledge(status, await _statuses.PatchAsync(_known, changes, cancellationToken));
                return;
            }
            catch (KubeStatusException exception) when (exception.IsNotFound)
            {
                Acknowledge(status, null);
                return;
            }
            catch (KubeStatusException exception) when (exception.IsConflict && conflicts < MaxConflicts)
            {
                // Somebody wrote meanwhile: what is theirs is merged anew.
            }

            var fresh = await _statuses.FindAsync(_known, cancellationToken);
            if (fresh is null || fresh.Metadata.Uid != _known.Metadata.Uid)
            {
                Acknowledge(status, null);
                return;
            }

            Update(fresh);
        }
    }

    private (PodStatusChanges Changes, PodStatus Status) Take()
    {
        lock (_lock)
        {
            return (Changes(), _status);
        }
    }

    private void Acknowledge(PodStatus written, Pod? stored)
    {
        lock (_lock)
        {
            _written = written;
            _acknowledged = stored?.Status ?? _known.Status;
            if (stored is not null)
            {
                Know(stored);
            }
        }
    }

    private PodStatusChanges Changes() => PodStatusChanges.Between(_known, _acknowledged, _written, _status);

    private void Know(Pod pod)
    {
        if (Version(pod) is { } version && Version(_known) is { } known && version < known)
        {
            return; // The watch is behind what we were answered.
        }

        _known = pod;
        Merge();
    }

    private void Merge() => _pod = _known with
    {
        Status = _status with { Conditions = OwnConditions.Merge(_status.Conditions, _known.Status.Conditions) },
    };

    private static ulong? Version(Pod pod) => ulong.TryParse(pod.Metadata.ResourceVersion, out var version) ? version : null;
}
