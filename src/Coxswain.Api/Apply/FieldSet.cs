using Coxswain.Api.Schemata;

namespace Coxswain.Api.Apply;

/// <summary>
/// A set of fields of an object: an immutable trie over path elements. A path may be a member while paths below it are, too.
/// Operations return the set they were called on when it would not change, so that its encoded bytes are made once.
/// </summary>
public sealed class FieldSet : IEquatable<FieldSet>
{
    public static readonly FieldSet Empty = new([]);

    private readonly Entry[] _entries;
    private byte[]? _utf8;

    /// <param name="entries">Sorted by element, each a member or with children.</param>
    internal FieldSet(Entry[] entries) => _entries = entries;

    public bool IsEmpty => _entries.Length == 0;

    /// <summary>The set as FieldsV1.</summary>
    public ReadOnlyMemory<byte> Utf8 => _utf8 ??= FieldsV1.Encode(this);

    internal ReadOnlySpan<Entry> Entries => _entries;

    /// <summary>Writes the bytes that are known, or none that are kept: a new set is mostly written once.</summary>
    internal void Write(System.Text.Json.Utf8JsonWriter writer)
    {
        if (_utf8 is null)
        {
            FieldsV1.Write(writer, this, isMember: false);
        }
        else
        {
            writer.WriteRawValue(_utf8, skipInputValidation: true);
        }
    }

    public FieldSet Union(FieldSet other)
    {
        if (ReferenceEquals(this, other) || other.IsEmpty)
        {
            return this;
        }

        return IsEmpty ? other : Combine(other, takeOthers: true, static (own, others) =>
        {
            var children = own.Children is null ? others.Children : others.Children is null ? own.Children : own.Children.Union(others.Children);
            return new Entry(own.Element, own.IsMember || others.IsMember, children);
        });
    }

    /// <summary>Without the paths of another set; what lies below them stays.</summary>
    public FieldSet Difference(FieldSet other) => other.IsEmpty ? this : Combine(other, takeOthers: false, static (own, others) =>
        new Entry(own.Element, own.IsMember && !others.IsMember, others.Children is null ? own.Children : Filled(own.Children?.Difference(others.Children))));

    /// <summary>Without the paths of another set and all below them.</summary>
    public FieldSet RecursiveDifference(FieldSet other) => other.IsEmpty ? this : Combine(other, takeOthers: false, static (own, others) =>
        others.IsMember ? new Entry(own.Element, false, null)
        : new Entry(own.Element, own.IsMember, others.Children is null ? own.Children : Filled(own.Children?.RecursiveDifference(others.Children))));

    public FieldSet Intersection(FieldSet other)
    {
        if (ReferenceEquals(this, other) || IsEmpty)
        {
            return this;
        }

        var result = new List<Entry>();
        foreach (var own in _entries)
        {
            if (other.Find(own.Element) is { } others)
            {
                var children = others.Children is null ? null : Filled(own.Children?.Intersection(others.Children));
                Add(result, new Entry(own.Element, own.IsMember && others.IsMember, children));
            }
        }

        return result.Count == 0 ? Empty : new FieldSet([.. result]);
    }

    /// <summary>The paths as messages show them, in order.</summary>
    public IEnumerable<string> Paths() => Paths("");

    /// <summary>Whether the path of these fields is a member.</summary>
    public bool Has(params ReadOnlySpan<string> fields)
    {
        var set = this;
        for (var i = 0; i < fields.Length; i++)
        {
            if (set.Find(PathElements.Field(fields[i])) is not { } entry)
            {
                return false;
            }

            if (i == fields.Length - 1)
            {
                return entry.IsMember;
            }

            set = entry.Children ?? Empty;
        }

        return false;
    }

    /// <summary>The set of one path of fields.</summary>
    public static FieldSet Of(params ReadOnlySpan<string> fields)
    {
        var set = Empty;
        for (var i = fields.Length - 1; i >= 0; i--)
        {
            set = new FieldSet([new Entry(PathElements.Field(fields[i]), set.IsEmpty, set.IsEmpty ? null : set)]);
        }

        return set;
    }

    public static FieldSet All(params IEnumerable<FieldSet> sets) => sets.Aggregate(Empty, (all, set) => all.Union(set));

    /// <summary>Only what begins with one of these fields.</summary>
    public FieldSet Below(Func<string, bool> keeps)
    {
        var kept = Array.FindAll(_entries, entry => !PathElements.IsField(entry.Element) || keeps(entry.Element[2..]));
        return kept.Length == _entries.Length ? this : new FieldSet(kept);
    }

    /// <summary>What lies below a field.</summary>
    public FieldSet Child(string field) => Find(PathElements.Field(field))?.Children ?? Empty;

    /// <summary>The same with something else below a field.</summary>
    public FieldSet WithChild(string field, FieldSet child)
    {
        var element = PathElements.Field(field);
        var result = new List<Entry>(_entries.Length);
        foreach (var entry in _entries)
        {
            Add(result, entry.Element == element ? entry with { Children = Filled(child) } : entry);
        }

        return new FieldSet([.. result]);
    }

    public bool Equals(FieldSet? other)
    {
        if (ReferenceEquals(this, other))
        {
            return true;
        }

        if (other is null || _entries.Length != other._entries.Length)
        {
            return false;
        }

        for (var i = 0; i < _entries.Length; i++)
        {
            var (own, others) = (_entries[i], other._entries[i]);
            if (own.IsMember != others.IsMember || own.Element != others.Element || !Equals(own.Children, others.Children))
            {
                return false;
            }
        }

        return true;
    }

    public override bool Equals(object? obj) => Equals(obj as FieldSet);

    public override int GetHashCode()
    {
        var hash = new HashCode();
        foreach (var entry in _entries)
        {
            hash.Add(entry.Element, StringComparer.Ordinal);
        }

        return hash.ToHashCode();
    }

    public override string ToString() => string.Join('\n', Paths());

    /// <summary>A set of entries in any order, of which some may have the same element.</summary>
    internal static FieldSet Sorted(List<Entry> entries)
    {
        entries.Sort(static (left, right) => PathElements.Compare(left.Element, right.Element));
        var result = new List<Entry>(entries.Count);
        foreach (var entry in entries)
        {
            if (result.Count > 0 && result[^1].Element == entry.Element)
            {
                var before = result[^1];
                var children = before.Children is null ? entry.Children : entry.Children is null ? before.Children : before.Children.Union(entry.Children);
                result[^1] = new Entry(entry.Element, before.IsMember || entry.IsMember, children);
            }
            else
            {
                result.Add(entry);
            }
        }

        return result.Count == 0 ? Empty : new FieldSet([.. result]);
    }

    internal Entry? Find(string element)
    {
        var (low, high) = (0, _entries.Length - 1);
        while (low <= high)
        {
            var middle = (low + high) / 2;
            var order = PathElements.Compare(_entries[middle].Element, element);
            if (order == 0)
            {
                return _entries[middle];
            }

            (low, high) = order < 0 ? (middle + 1, high) : (low, middle - 1);
        }

        return null;
    }

    /// <summary>With the named fields that lead to members as members themselves; the keys of maps are none.</summary>
    internal FieldSet WithNamedFields(Schema? schema)
    {
        var result = new Entry[_entries.Length];
        for (var i = 0; i < result.Length; i++)
        {
            var entry = _entries[i];
            var below = SchemaSteps.Below(schema, entry.Element, out var isNamed);
            result[i] = entry with { IsMember = entry.IsMember || isNamed, Children = entry.Children?.WithNamedFields(below) };
        }

        return new FieldSet(result);
    }

    /// <summary>With what became one value since the set was written as one member.</summary>
    internal FieldSet Reconcile(Schema? schema)
    {
        Entry[]? result = null;
        for (var i = 0; i < _entries.Length; i++)
        {
            var entry = _entries[i];
            if (entry.Children is null || schema is null)
            {
                continue;
            }

            var below = SchemaSteps.Below(schema, entry.Element, out _);
            var changed = SchemaSteps.IsOneValue(below) ? new Entry(entry.Element, true, null)
                : entry with { Children = entry.Children.Reconcile(below) };
            if (changed != entry)
            {
                result ??= [.. _entries];
                result[i] = changed;
            }
        }

        return result is null ? this : new FieldSet(result);
    }

    private static FieldSet? Filled(FieldSet? set) => set is null || set.IsEmpty ? null : set;

    private static void Add(List<Entry> result, Entry entry)
    {
        if (entry.IsMember || entry.Children is not null)
        {
            result.Add(entry);
        }
    }

    /// <summary>Goes through both sets in order.</summary>
    /// <param name="takeOthers">Whether what only the other has is taken; what only this one has always is.</param>
    private FieldSet Combine(FieldSet other, bool takeOthers, Func<Entry, Entry, Entry> both)
    {
        List<Entry>? result = null;
        int i = 0, j = 0;
        while (i < _entries.Length || (takeOthers && j < other._entries.Length))
        {
            var order = i == _entries.Length ? 1 : j == other._entries.Length ? -1
                : PathElements.Compare(_entries[i].Element, other._entries[j].Element);
            if (order < 0)
            {
                result?.Add(_entries[i]);
                i++;
            }
            else if (order > 0)
            {
                if (takeOthers)
                {
                    result ??= [.. _entries.AsSpan(0, i)];
                    result.Add(other._entries[j]);
                }

                j++;
            }
            else
            {
                var merged = both(_entries[i], other._entries[j]);
                if (result is null && (merged.IsMember != _entries[i].IsMember || !ReferenceEquals(merged.Children, _entries[i].Children)))
                {
                    result = [.. _entries.AsSpan(0, i)];
                }

                if (result is not null)
                {
                    Add(result, merged);
                }

                i++;
                j++;
            }
        }

        return result is null ? this : result.Count == 0 ? Empty : new FieldSet([.. result]);
    }

    private IEnumerable<string> Paths(string prefix)
    {
        foreach (var entry in _entries)
        {
            var path = prefix + PathElements.Display(entry.Element);
            if (entry.IsMember)
            {
                yield return path;
            }

            foreach (var below in entry.Children?.Paths(path) ?? [])
            {
                yield return below;
            }
        }
    }

    /// <param name="IsMember">Whether the path that ends here is in the set.</param>
    /// <param name="Children">The paths that go on; null rather than empty.</param>
    internal readonly record struct Entry(string Element, bool IsMember, FieldSet? Children);
}
