using Coxswain.Store.Tree;

namespace Coxswain.Store.History;

/// <summary>
/// Everything a reader needs, immutable, swapped whole by the one writer: the newest tree, and the log behind it.
/// </summary>
/// <param name="Compacted">The oldest revision that may still be read.</param>
/// <param name="Segments">
/// In order, never none; each begins after the last event of the one before. The first may begin with events that are
/// compacted.
/// </param>
/// <param name="SegmentBytes">
/// The superseded bytes that seal a segment before it is full: only whole segments give their memory back.
/// </param>
internal sealed record StoreState(
    long Revision, EntryTree Tree, long Compacted, LogSegment[] Segments, long SegmentBytes)
{
    /// <summary>A state whose history begins now.</summary>
    public static StoreState Beginning(long revision, EntryTree tree, StoreOptions options) =>
        new(revision, tree, revision, [new LogSegment(revision, tree)], options.KeepBytes / 16);

    /// <summary>Bytes of the values that only history holds. Only the writer asks.</summary>
    public long SupersededBytes
    {
        get
        {
            var bytes = 0L;
            foreach (var segment in Segments)
            {
                bytes += segment.SupersededBytes;
            }

            return bytes;
        }
    }

    public ReadOutcome OutcomeAt(long revision) =>
        revision > Revision ? ReadOutcome.Future
        : revision < Compacted ? ReadOutcome.Compacted
        : ReadOutcome.Ok;

    /// <summary>The tree at a revision whose outcome is Ok.</summary>
    public EntryTree TreeAt(long revision) =>
        revision == Revision ? Tree : Segments[SegmentAfter(revision)].TreeAt(revision);

    /// <summary>Where in <see cref="Segments"/> the first event after a revision that is not compacted would be.</summary>
    public int SegmentAfter(long revision)
    {
        var (low, high) = (0, Segments.Length - 1);
        while (low < high)
        {
            var middle = (low + high + 1) >>> 1;
            if (Segments[middle].After <= revision)
            {
                low = middle;
            }
            else
            {
                high = middle - 1;
            }
        }

        return low;
    }

    /// <summary>The revision after which there are so many events, or the beginning of the log. Only the writer asks.</summary>
    public long AfterAllBut(int newest)
    {
        var at = Segments.Length - 1;
        for (; at > 0 && Segments[at].Count < newest; at--)
        {
            newest -= Segments[at].Count;
        }

        return Segments[at].AfterAllBut(newest);
    }

    /// <summary>Adds events to the log, each with the tree it leaves behind.</summary>
    public StoreState With(List<StagedEvent> staged, long timestamp)
    {
        var segments = Segments;
        var (revision, tree) = (Revision, Tree);
        foreach (var (storeEvent, after) in staged)
        {
            Invariant.Holds(storeEvent.Revision > revision, "revisions only grow");
            if (segments[^1].Count == LogSegment.Size || segments[^1].SupersededBytes > SegmentBytes)
            {
                if (segments.Length > 1)
                {
                    segments[^2].DropDerived();
                }

                segments = [.. segments, new LogSegment(revision, tree)];
            }

            segments[^1].Add(storeEvent, timestamp);
            (revision, tree) = (storeEvent.Revision, after);
        }

        return this with { Revision = revision, Tree = tree, Segments = segments };
    }

    public StoreState CompactedTo(long revision)
    {
        var kept = 0;
        while (kept < Segments.Length - 1 && Segments[kept + 1].After <= revision)
        {
            kept++;
        }

        return this with { Compacted = revision, Segments = kept == 0 ? Segments : Segments[kept..] };
    }
}
