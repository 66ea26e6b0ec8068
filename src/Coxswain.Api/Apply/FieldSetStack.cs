namespace Coxswain.Api.Apply;

/// <summary>Makes a set while an object is walked: what was found below a path lies on top until the walk leaves the path.</summary>
internal sealed class FieldSetStack
{
    private static readonly Comparer<FieldSet.Entry> Order = Comparer<FieldSet.Entry>.Create(static (left, right) => PathElements.Compare(left.Element, right.Element));

    private readonly List<FieldSet.Entry> _entries = [];

    /// <summary>Where a path begins.</summary>
    public int Mark => _entries.Count;

    /// <summary>Leaves a path with what was found below it since its mark.</summary>
    public void Close(int mark, string element, bool isMember)
    {
        var children = Take(mark);
        if (isMember || children is not null)
        {
            _entries.Add(new FieldSet.Entry(element, isMember, children));
        }
    }

    public FieldSet Finish() => Take(0) ?? FieldSet.Empty;

    private FieldSet? Take(int mark)
    {
        var count = _entries.Count - mark;
        if (count == 0)
        {
            return null;
        }

        if (count > 1)
        {
            _entries.Sort(mark, count, Order);
        }

        for (var i = mark + 1; i < _entries.Count; i++)
        {
            if (_entries[i - 1].Element == _entries[i].Element)
            {
                var repeated = _entries.GetRange(mark, count);
                _entries.RemoveRange(mark, count);
                return FieldSet.Sorted(repeated);
            }
        }

        var entries = new FieldSet.Entry[count];
        _entries.CopyTo(mark, entries, 0, count);
        _entries.RemoveRange(mark, count);
        return new FieldSet(entries);
    }
}
