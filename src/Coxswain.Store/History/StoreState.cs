using Coxswain.Store.Tree;

namespace Coxswain.Store.History;

/// <summary>
/// Everything a reader needs, immutable, swapped whole by the one writer: the newest tree, and the log behind it.
/// </summary>
/// <param name="Compacted">The oldest revision that may still be read.</param>
/// <param name="Segments">Without gaps; all full but the last. The first may begin with events that are compacted.</param>
internal sealed record StoreState(long Revision, EntryTree Tree, long Compacted, LogSegment[] Segments)
{
    /// <summary>A state whose history begins now.</summary>
    public static StoreState Beginning(long revision, EntryTree tree) =>
        new(revision, tree, revision, [new LogSegment(revision + 1, tree)]);

    public ReadOutcome OutcomeAt(long revision) =>
        revision > Revision ? ReadOutcome.Future
        : revision < Compacted ? ReadOutcome.Compacted
        : ReadOutcome.Ok;

    /// <summary>The tree at a revision whose outcome is Ok.</summary>
    public EntryTree TreeAt(long revision) =>
        revision == Revision ? Tree : SegmentOf(Math.Max(revision, Segments[0].First)).TreeAt(revision);

    public LogSegment SegmentOf(long revision) => Segments[(revision - Segments[0].First) / LogSegment.Size];

    /// <summary>Adds events to the log, each with the tree it leaves behind.</summary>
    public StoreState With(List<StagedEvent> staged, long timestamp)
    {
        var segments = Segments;
        var (revision, tree) = (Revision, Tree);
        foreach (var (storeEvent, after) in staged)
        {
            Invariant.Holds(storeEvent.Revision == revision + 1, "the log has no gaps");
            if (storeEvent.Revision > segments[^1].Last)
            {
                if (segments.Length > 1)
                {
                    segments[^2].DropDerived();
                }

                segments = [.. segments, new LogSegment(storeEvent.Revision, tree)];
            }

            segments[^1].Add(storeEvent, timestamp);
            (revision, tree) = (storeEvent.Revision, after);
        }

        return this with { Revision = revision, Tree = tree, Segments = segments };
    }

    public StoreState CompactedTo(long revision)
    {
        var kept = 0;
        while (kept < Segments.Length - 1 && Segments[kept + 1].First - 1 <= revision)
        {
            kept++;
        }

        return this with { Compacted = revision, Segments = kept == 0 ? Segments : Segments[kept..] };
    }
}
