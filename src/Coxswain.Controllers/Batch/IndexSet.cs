using System.Globalization;

namespace Coxswain.Controllers.Batch;

/// <summary>
/// Completion indexes as a Job's status writes them: <c>1,3-5,7</c>. Kept as ranges, since a Job may have two thousand
/// million.
/// </summary>
internal sealed class IndexSet
{
    // Ascending, with a gap between any two.
    private readonly List<(int First, int Last)> _ranges = [];

    public int Count => _ranges.Sum(range => range.Last - range.First + 1);

    /// <param name="below">Indexes from here on are left out: a Job that was scaled down no longer has them.</param>
    public static IndexSet Parse(string text, int below)
    {
        var set = new IndexSet();
        foreach (var part in text.Split(',', StringSplitOptions.RemoveEmptyEntries))
        {
            var ends = part.Split('-', 2);
            if (int.TryParse(ends[0], NumberStyles.None, CultureInfo.InvariantCulture, out var first)
                && int.TryParse(ends[^1], NumberStyles.None, CultureInfo.InvariantCulture, out var last)
                && first <= last && first < below)
            {
                set.Add(first, Math.Min(last, below - 1));
            }
        }

        return set;
    }

    public bool Contains(int index) => Next(index) != index;

    /// <summary>The first index from this one on that is not in the set.</summary>
    public int Next(int index)
    {
        foreach (var (first, last) in _ranges)
        {
            if (index < first)
            {
                break;
            }

            if (index <= last)
            {
                return last + 1;
            }
        }

        return index;
    }

    /// <summary>How many of these are in the other set too.</summary>
    public int CountIn(IndexSet other) => _ranges.Sum(mine => other._ranges.Sum(
        theirs => Math.Max(0, Math.Min(mine.Last, theirs.Last) - Math.Max(mine.First, theirs.First) + 1)));

    public void Add(int index) => Add(index, index);

    public override string ToString() => string.Join(',', _ranges.Select(range =>

        // Two neighbours are written as two, more as a range: as Kubernetes does.
        range.First == range.Last ? Text(range.First)
        : range.Last == range.First + 1 ? $"{Text(range.First)},{Text(range.Last)}"
        : $"{Text(range.First)}-{Text(range.Last)}"));

    private static string Text(int index) => index.ToString(CultureInfo.InvariantCulture);

    private void Add(int first, int last)
    {
        var at = _ranges.FindIndex(range => (long)range.Last + 1 >= first);
        at = at < 0 ? _ranges.Count : at;
        while (at < _ranges.Count && _ranges[at].First <= (long)last + 1)
        {
            first = Math.Min(first, _ranges[at].First);
            last = Math.Max(last, _ranges[at].Last);
            _ranges.RemoveAt(at);
        }

        _ranges.Insert(at, (first, last));
    }
}
