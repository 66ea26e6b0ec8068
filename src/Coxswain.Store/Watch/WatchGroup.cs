namespace Coxswain.Store.Watch;

/// <summary>Who watches or follows one prefix. Members and <see cref="Parent"/> change only under the index's owner's lock.</summary>
internal sealed class WatchGroup(string prefix, long lastRevision)
{
    private long _lastRevision = lastRevision;
    private SharedBatch? _shared;

    public string Prefix { get; } = prefix;

    public List<StoreWatcher> Watchers { get; } = [];

    public int Followers { get; set; }

    /// <summary>The group with the longest other prefix that this one's prefix begins with.</summary>
    public WatchGroup? Parent { get; set; }

    /// <summary>
    /// No event of the prefix is newer than this. Set before the state with that event is published, so whoever reads a
    /// state first and this second never misses one.
    /// </summary>
    public long LastRevision
    {
        get => Volatile.Read(ref _lastRevision);
        set => Volatile.Write(ref _lastRevision, value);
    }

    /// <summary>The newest batch a member collected: members that keep up stand at the same place and share it.</summary>
    public SharedBatch? Shared
    {
        get => Volatile.Read(ref _shared);
        set => Volatile.Write(ref _shared, value);
    }

    /// <summary>Lets go of a batch that begins in compacted history: it would keep its values alive.</summary>
    public void ForgetShared(long compacted)
    {
        if (Shared is { } shared && shared.After < compacted)
        {
            Interlocked.CompareExchange(ref _shared, null, shared);
        }
    }
}
