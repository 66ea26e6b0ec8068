namespace Coxswain.Cel.Values;

/// <summary>A map, or an object with fields. Keys are booleans, numbers and strings; numbers of one value are one key.</summary>
public abstract class CelMap
{
    public static readonly CelMap Empty = new CelDictionary([]);

    public abstract int Count { get; }

    public abstract IEnumerable<object> Keys { get; }

    /// <summary>Null when there is no such key.</summary>
    public abstract object? Find(object key);

    /// <summary>Whether it has a field, also where the field's value is an error.</summary>
    public virtual bool Has(string field) => Find(field) is not null;

    /// <summary>Null when a key is there twice.</summary>
    public static CelMap? Of(IEnumerable<KeyValuePair<object, object>> entries)
    {
        var result = new Dictionary<object, object>();
        foreach (var (key, value) in entries)
        {
            if (!result.TryAdd(CelKeys.Canonical(key) ?? key, value))
            {
                return null;
            }
        }

        return new CelDictionary(result);
    }

    /// <summary>The map with another entry; null when the key is there.</summary>
    public virtual CelMap? With(object key, object value)
    {
        if (Find(key) is not null)
        {
            return null;
        }

        var entries = new Dictionary<object, object>(Count + 1);
        foreach (var known in Keys)
        {
            entries.Add(known, Find(known)!); // it is one of its keys
        }

        entries.Add(CelKeys.Canonical(key) ?? key, value);
        return new CelDictionary(entries);
    }

    private sealed class CelDictionary(Dictionary<object, object> entries) : CelMap
    {
        public override int Count => entries.Count;

        public override IEnumerable<object> Keys => entries.Keys;

        public override object? Find(object key) => CelKeys.Canonical(key) is { } canonical ? entries.GetValueOrDefault(canonical) : null;
    }
}
