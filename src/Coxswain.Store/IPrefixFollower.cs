namespace Coxswain.Store;

/// <summary>Says when a prefix last changed, without waiting and without reading what changed.</summary>
public interface IPrefixFollower : IAsyncDisposable
{
    /// <summary>
    /// No event of the prefix is newer than this. A value derived from a list at revision R, made after following began,
    /// still holds while this is at most R; when it is greater, list again (and keep the new R, which may still be
    /// smaller while a write is on its way). Rises before the write it rises for can be read or is acknowledged to this
    /// process; a change by another process is known when this one has heard of it.
    /// </summary>
    long ChangedAt { get; }
}
