namespace Coxswain.Store;

/// <param name="Entry">
/// Committed put: the new entry. Committed delete: the entry that was deleted (null when there was none).
/// Conflict: the entry that stands now, or null when the key does not exist.
/// </param>
/// <param name="Revision">The revision of this write; for a conflict or a delete of nothing, the newest revision.</param>
public readonly record struct WriteResult(WriteOutcome Outcome, StoreEntry? Entry, long Revision);
