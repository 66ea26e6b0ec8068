namespace Coxswain.Store;

/// <param name="Entries">Empty when the outcome is not Ok.</param>
/// <param name="Revision">The revision of the snapshot that was read (also set when the outcome is not Ok: the newest).</param>
/// <param name="RemainingCount">How many keys of the prefix follow the last entry; 0 when the list is complete.</param>
public readonly record struct ListResult(
    ReadOutcome Outcome, IReadOnlyList<StoreEntry> Entries, long Revision, long RemainingCount);
