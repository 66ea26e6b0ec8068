namespace Coxswain.Store;

/// <param name="Watcher">The open watch when Ok, otherwise null.</param>
public readonly record struct WatchResult(ReadOutcome Outcome, IStoreWatcher? Watcher);
