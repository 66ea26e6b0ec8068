using Coxswain.Api.Core.V1;

namespace Coxswain.Network.Policies;

/// <summary>Lets one wait until a pod is in the cache. As many waits as pods are being made.</summary>
internal sealed class PodArrivals
{
    private readonly Lock _lock = new();
    private readonly Dictionary<string, TaskCompletionSource> _awaited = new(StringComparer.Ordinal);

    /// <summary>For the cache to call with every pod that is or becomes known.</summary>
    public void Saw(Pod pod)
    {
        lock (_lock)
        {
            foreach (var uid in (string[])[pod.Metadata.Uid, MirroredUid.Of(pod)])
            {
                if (_awaited.Remove(uid, out var awaited))
                {
                    awaited.TrySetResult();
                }
            }
        }
    }

    /// <param name="isKnown">Whether it is there already.</param>
    public async Task WaitAsync(string uid, Func<bool> isKnown, CancellationToken cancellationToken)
    {
        TaskCompletionSource? awaited;
        lock (_lock)
        {
            if (!_awaited.TryGetValue(uid, out awaited))
            {
                _awaited.Add(uid, awaited = new(TaskCreationOptions.RunContinuationsAsynchronously));
            }
        }

        try
        {
            // Looked for after the wait is armed, so that it cannot come unseen in between.
            if (!isKnown())
            {
                await awaited.Task.WaitAsync(cancellationToken);
            }
        }
        finally
        {
            lock (_lock)
            {
                _awaited.Remove(uid);
            }
        }
    }
}
