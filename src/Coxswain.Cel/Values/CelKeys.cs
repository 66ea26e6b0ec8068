namespace Coxswain.Cel.Values;

/// <summary>Keys of maps, each in one form.</summary>
internal static class CelKeys
{
    /// <summary>Null for what cannot be the key of any entry.</summary>
    public static object? Canonical(object key) => key switch
    {
        string or bool or long => key,
        ulong number => number <= long.MaxValue ? (long)number : number,
        double number when Math.Floor(number) == number => number is >= -9223372036854775808.0 and < 9223372036854775808.0 ? (long)number
            : number is > 0 and < 18446744073709551616.0 ? (ulong)number : null,
        _ => null,
    };
}
