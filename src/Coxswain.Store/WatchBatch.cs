namespace Coxswain.Store;

/// <param name="Events">In revision order, never changed afterwards; empty only when the outcome is not Ok.</param>
public readonly record struct WatchBatch(ReadOutcome Outcome, IReadOnlyList<StoreEvent> Events);
