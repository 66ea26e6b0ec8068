namespace Coxswain.Store.History;

/// <summary>Decides how much history is due to be forgotten.</summary>
internal sealed class RetentionPolicy(StoreOptions options, TimeProvider time)
{
    /// <summary>Half a segment behind the count is soon enough; age is looked at as often as this.</summary>
    private static readonly TimeSpan AgePeriod = TimeSpan.FromSeconds(10);

    private long _lookedAtRevision;
    private long _lookedAt = time.GetTimestamp();

    /// <summary>The revision to compact to, or null when nothing is due. Cheap enough to ask after every batch.</summary>
    public long? Due(StoreState state)
    {
        var now = time.GetTimestamp();
        if (state.Revision - _lookedAtRevision < LogSegment.Size / 2
            && time.GetElapsedTime(_lookedAt, now) < AgePeriod)
        {
            return null;
        }

        (_lookedAtRevision, _lookedAt) = (state.Revision, now);
        var mayForget = state.Revision - options.AtLeastRevisions;
        var target = Math.Max(
            Math.Min(mayForget, state.Revision - options.KeepRevisions),
            WholeSegments(state, mayForget, now));
        return target > state.Compacted ? target : null;
    }

    /// <summary>The end of the last segment that is too old, or that the bytes kept after it leave no room for.</summary>
    private long WholeSegments(StoreState state, long mayForget, long now)
    {
        var bytes = state.Segments.Sum(segment => segment.SupersededBytes);
        var target = 0L;
        foreach (var segment in state.Segments)
        {
            var due = bytes > options.KeepBytes || time.GetElapsedTime(segment.WrittenAt, now) > options.KeepAge;
            if (!due || segment.Last > mayForget)
            {
                break;
            }

            bytes -= segment.SupersededBytes;
            target = segment.Last;
        }

        return target;
    }
}
