using Coxswain.Cel.Types;

namespace Coxswain.Cel.Functions;

/// <summary>One signature of a function, and what it does.</summary>
/// <param name="IsMember">Called on its first argument.</param>
/// <param name="Invoke">Given values of these types; may return an error as a value.</param>
internal sealed record Overload(bool IsMember, IReadOnlyList<CelType> Parameters, CelType Result, Func<object[], object> Invoke)
{
    /// <summary>What a call costs beside its result; one unless said.</summary>
    public Func<object[], long>? Cost { get; init; }

    /// <summary>Whether it can be given these values; types inside of lists and maps are not looked at.</summary>
    public bool Takes(object[] arguments)
    {
        if (arguments.Length != Parameters.Count)
        {
            return false;
        }

        for (var i = 0; i < arguments.Length; i++)
        {
            if (!Takes(Parameters[i], arguments[i]))
            {
                return false;
            }
        }

        return true;
    }

    private static bool Takes(CelType type, object value) => type.Kind switch
    {
        CelKind.Dyn or CelKind.Parameter => true,
        CelKind.Null => value is Values.CelNull,
        CelKind.Bool => value is bool,
        CelKind.Int => value is long,
        CelKind.Uint => value is ulong,
        CelKind.Double => value is double,
        CelKind.String => value is string,
        CelKind.Bytes => value is byte[],
        CelKind.Duration => value is Values.CelDuration,
        CelKind.Timestamp => value is Values.CelTimestamp,
        CelKind.List => value is Values.CelList,
        CelKind.Map or CelKind.Object => value is Values.CelMap,
        CelKind.Type => value is CelType,
        _ => value is Values.CelOptional ? type.Name == "optional_type" : value is Values.CelOpaque opaque && opaque.Type.Name == type.Name,
    };
}
