namespace Coxswain.Store;

/// <summary>
/// How much history a store keeps for watchers and for reads of older revisions. What exceeds any one of the limits is
/// compacted, in steps: of about a thousand revisions, or an eighth of <see cref="KeepBytes"/>.
/// </summary>
public sealed record StoreOptions
{
    public int KeepRevisions { get; init; } = 100_000;

    /// <summary>As long as the watch cache of Kubernetes' own API server remembers under its default etcd compaction.</summary>
    public TimeSpan KeepAge { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>
    /// The bytes of values that only history still holds. Bounds memory where a few large objects change often:
    /// 100,000 revisions of 3 KiB would be 300 MB. Only the newest <see cref="LeastRevisions"/> are kept beyond it.
    /// </summary>
    public long KeepBytes { get; init; } = 48L << 20;

    /// <summary>
    /// Kept whatever the age, as far as <see cref="KeepBytes"/> reaches, so that a client that pauses for a moment need
    /// not list again.
    /// </summary>
    public int AtLeastRevisions { get; init; } = 4_096;

    /// <summary>How values stand on the disk; null for as they are.</summary>
    public IStoredValues? Values { get; init; }

    /// <summary>
    /// Kept whatever the size, so that who lists and then watches finds his place although every value is huge.
    /// </summary>
    internal const int LeastRevisions = 16;
}
