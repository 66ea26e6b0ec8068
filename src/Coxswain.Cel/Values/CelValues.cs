using Coxswain.Cel.Types;

namespace Coxswain.Cel.Values;

/// <summary>What holds for values of all types: their type, equality and order.</summary>
public static class CelValues
{
    public static CelType TypeOf(object value) => value switch
    {
        bool => CelType.Bool,
        long => CelType.Int,
        ulong => CelType.Uint,
        double => CelType.Double,
        string => CelType.String,
        byte[] => CelType.Bytes,
        CelNull => CelType.Null,
        CelDuration => CelType.Duration,
        CelTimestamp => CelType.Timestamp,
        CelList => CelType.List(CelType.Dyn),
        CelMap => CelType.Map(CelType.Dyn, CelType.Dyn),
        CelType => CelType.Type(CelType.Dyn),
        CelOptional => CelType.Optional(CelType.Dyn),
        CelOpaque opaque => opaque.Type,
        _ => throw new ArgumentException($"{value.GetType()} is no value", nameof(value)),
    };

    /// <summary>Values of different types are unequal, but numbers are equal by what they count.</summary>
    public static bool Equal(object left, object right)
    {
        if (IsNumber(left))
        {
            return IsNumber(right) && CompareNumbers(left, right) == 0;
        }

        return (left, right) switch
        {
            (string a, string b) => a == b,
            (bool a, bool b) => a == b,
            (byte[] a, byte[] b) => a.AsSpan().SequenceEqual(b),
            (CelList a, CelList b) => Equal(a, b),
            (CelMap a, CelMap b) => Equal(a, b),
            (CelType a, CelType b) => a.Name == b.Name,
            (CelOptional a, CelOptional b) => a.HasValue == b.HasValue && (!a.HasValue || Equal(a.Value!, b.Value!)), // both have one
            _ => left.Equals(right),
        };
    }

    /// <summary>Null when the two have no order.</summary>
    public static int? Compare(object left, object right)
    {
        if (IsNumber(left))
        {
            return IsNumber(right) ? CompareNumbers(left, right) : null;
        }

        return (left, right) switch
        {
            (string a, string b) => CompareTexts(a, b),
            (bool a, bool b) => a.CompareTo(b),
            (byte[] a, byte[] b) => a.AsSpan().SequenceCompareTo(b),
            (CelTimestamp a, CelTimestamp b) => a.CompareTo(b),
            (CelDuration a, CelDuration b) => a.CompareTo(b),
            _ => null,
        };
    }

    /// <summary>How much there is to look at: the unit of costs.</summary>
    public static long Size(object value) => value switch
    {
        string text => text.Length,
        byte[] bytes => bytes.Length,
        CelList list => list.Count,
        CelMap map => map.Count,
        _ => 1,
    };

    internal static bool IsNumber(object value) => value is long or ulong or double;

    private static bool Equal(CelList left, CelList right)
    {
        if (left.Count != right.Count)
        {
            return false;
        }

        if (left.IsUnordered || right.IsUnordered)
        {
            return left.Items().All(item => right.Items().Any(other => Equal(item, other)))
                && right.Items().All(item => left.Items().Any(other => Equal(item, other)));
        }

        for (var i = 0; i < left.Count; i++)
        {
            if (!Equal(left[i], right[i]))
            {
                return false;
            }
        }

        return true;
    }

    private static bool Equal(CelMap left, CelMap right)
    {
        if (left.Count != right.Count)
        {
            return false;
        }

        foreach (var key in left.Keys)
        {
            if (right.Find(key) is not { } other || !Equal(left.Find(key)!, other)) // it is one of its keys
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>By code points, which the order of UTF-16 is not.</summary>
    private static int CompareTexts(string left, string right)
    {
        for (var i = 0; i < left.Length && i < right.Length; i++)
        {
            var (a, b) = (left[i], right[i]);
            if (a != b)
            {
                return char.IsSurrogate(a) == char.IsSurrogate(b) ? a.CompareTo(b) : char.IsSurrogate(a) ? 1 : -1;
            }
        }

        return left.Length.CompareTo(right.Length);
    }

    /// <summary>Null where one is not a number at all. An integer is compared with a double as the double nearest to it, as in cel-go.</summary>
    private static int? CompareNumbers(object left, object right) => (left, right) switch
    {
        (long a, long b) => a.CompareTo(b),
        (ulong a, ulong b) => a.CompareTo(b),
        (double a, double b) => double.IsNaN(a) || double.IsNaN(b) ? null : a.CompareTo(b),
        (long a, ulong b) => a < 0 ? -1 : ((ulong)a).CompareTo(b),
        (ulong, long) or (double, _) => -CompareNumbers(right, left),
        (long a, double b) => double.IsNaN(b) ? null : ((double)a).CompareTo(b),
        (ulong a, double b) => double.IsNaN(b) ? null : ((double)a).CompareTo(b),
        _ => null,
    };
}
