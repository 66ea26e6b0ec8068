namespace Coxswain.Store.Sqlite;

/// <summary>One caller waiting for its turn in a batch.</summary>
/// <param name="compactTo">Not null: a compaction instead of a write.</param>
internal sealed class PendingWrite(StoreWrite write, long? compactTo, CancellationToken cancellationToken)
    : TaskCompletionSource<WriteResult>(TaskCreationOptions.RunContinuationsAsynchronously)
{
    public StoreWrite Write => write;

    public long? CompactTo => compactTo;

    /// <summary>Until a write is in a batch its caller may take it back.</summary>
    public CancellationToken CancellationToken => cancellationToken;

    public WriteResult Result { get; set; }
}
