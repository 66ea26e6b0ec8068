namespace Coxswain.Cel.Values;

/// <summary>A list. Sources of values subclass it, so that nothing is converted that is not looked at.</summary>
public abstract class CelList
{
    public static readonly CelList Empty = new CelArray([]);

    public abstract int Count { get; }

    public abstract object this[int index] { get; }

    /// <summary>Whether the order of items means nothing (a list of unique or named items).</summary>
    public virtual bool IsUnordered => false;

    public static CelList Of(params IReadOnlyList<object> items) => items.Count == 0 ? Empty : new CelArray(items);

    public IEnumerable<object> Items()
    {
        for (var i = 0; i < Count; i++)
        {
            yield return this[i];
        }
    }

    /// <summary>Both one after the other.</summary>
    public virtual CelList Append(CelList other)
    {
        if (other.Count == 0)
        {
            return this;
        }

        if (Count == 0 && other is not GrowingList)
        {
            return new GrowingList(other.Items());
        }

        return new GrowingList(Items()).Append(other);
    }

    private sealed class CelArray(IReadOnlyList<object> items) : CelList
    {
        public override int Count => items.Count;

        public override object this[int index] => items[index];
    }

    /// <summary>A view of a list that only grows: the last view appends in place, so that a fold that adds items takes no time for those it has.</summary>
    private sealed class GrowingList : CelList
    {
        private readonly List<object> _items;

        public GrowingList(IEnumerable<object> items)
            : this([.. items])
        {
        }

        private GrowingList(List<object> items)
        {
            _items = items;
            Count = items.Count;
        }

        public override int Count { get; }

        public override object this[int index] => index < Count ? _items[index] : throw new ArgumentOutOfRangeException(nameof(index));

        public override CelList Append(CelList other)
        {
            if (other.Count == 0)
            {
                return this;
            }

            if (Count != _items.Count || ReferenceEquals(other, this))
            {
                return new GrowingList([.. Items(), .. other.Items()]);
            }

            _items.AddRange(other.Items());
            return new GrowingList(_items);
        }
    }
}
