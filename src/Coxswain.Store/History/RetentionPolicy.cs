namespace Coxswain.Store.History;

/// <summary>Decides how much history is due to be forgotten.</summary>
internal sealed class RetentionPolicy(StoreOptions options, TimeProvider time)
{
    /// <summary>Half a segment behind the count is soon enough; age is looked at as often as this.</summary>
    private static readonly TimeSpan AgePeriod = TimeSpan.FromSeconds(10);

    private long _lookedAtRevision;
    private long _lookedAt = time.GetTimestamp();

    /// <summary>The revision to compact to, or null when nothing is due. Cheap enough to ask after every batch.</summary>
    /// <param name="bytesMost">A tighter bound than the options', for a store that must make room.</param>
    public long? Due(StoreState state, long bytesMost = long.MaxValue)
    {
        var now = time.GetTimestamp();
        var keepBytes = Math.Min(options.KeepBytes, bytesMost);
        var bytes = state.SupersededBytes;
        if (bytes <= keepBytes
            && state.Revision - _lookedAtRevision < LogSegment.Size / 2
            && time.GetElapsedTime(_lookedAt, now) < AgePeriod)
        {
            return null;
        }

        (_lookedAtRevision, _lookedAt) = (state.Revision, now);
        var target = Math.Max(
            Math.Min(state.AfterAllBut(options.KeepRevisions), state.AfterAllBut(options.AtLeastRevisions)),
            Math.Max(TooOld(state, now), bytes <= keepBytes ? 0 : TooLarge(state, bytes, keepBytes)));
        return target > state.Compacted ? target : null;
    }

    /// <summary>The end of the last segment that is too old.</summary>
    private long TooOld(StoreState state, long now)
    {
        var mayForget = state.AfterAllBut(options.AtLeastRevisions);
        var target = 0L;
        foreach (var segment in state.Segments)
        {
            if (segment.Last > mayForget || time.GetElapsedTime(segment.WrittenAt, now) <= options.KeepAge)
            {
                break;
            }

            target = segment.Last;
        }

        return target;
    }

    /// <summary>
    /// The end of the last segment that must go before the rest is an eighth below the bound: compaction costs a wait
    /// for the disk, so a log that always stands at its bound does it once for many writes.
    /// </summary>
    private static long TooLarge(StoreState state, long bytes, long keepBytes)
    {
        var mayForget = state.AfterAllBut(StoreOptions.LeastRevisions);
        var target = 0L;
        foreach (var segment in state.Segments)
        {
            if (segment.Last > mayForget || bytes <= keepBytes - (keepBytes / 8))
            {
                break;
            }

            bytes -= segment.SupersededBytes;
            target = segment.Last;
        }

        return target;
    }
}
