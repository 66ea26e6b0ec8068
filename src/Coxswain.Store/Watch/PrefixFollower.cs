namespace Coxswain.Store.Watch;

/// <summary>One interest in when a group last changed.</summary>
internal sealed class PrefixFollower(IWatchedLog log, WatchGroup group) : IPrefixFollower
{
    private int _isDisposed;

    public long ChangedAt => group.LastRevision;

    public ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _isDisposed, 1) == 0)
        {
            log.Unfollow(group);
        }

        return ValueTask.CompletedTask;
    }
}
