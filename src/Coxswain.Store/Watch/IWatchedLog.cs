using Coxswain.Store.History;

namespace Coxswain.Store.Watch;

/// <summary>What a watcher or follower needs of the store it reads.</summary>
internal interface IWatchedLog
{
    /// <summary>The newest published state.</summary>
    StoreState State { get; }

    void Close(StoreWatcher watcher);

    /// <summary>One of the followers of a group is gone; each says so once.</summary>
    void Unfollow(WatchGroup group);
}
