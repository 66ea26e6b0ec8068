namespace Coxswain.Api.Scalars;

/// <summary>How a quantity was written, which decides the suffixes it is shown with.</summary>
internal enum QuantityFormat : byte
{
    DecimalSI,
    BinarySI,
    DecimalExponent,
}

/// <summary>
/// An amount of a resource: a decimal number with an SI (<c>m k M</c>), binary (<c>Ki Mi</c>) or exponent (<c>e3</c>)
/// suffix. Shown in Kubernetes' canonical form: no fraction, the largest suffix that needs none. See
/// https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/quantity/.
/// </summary>
public readonly struct Quantity : IEquatable<Quantity>, IComparable<Quantity>
{
    /// <summary>As in Kubernetes: what is larger is cut to this, what is smaller than a nano is rounded up to one.</summary>
    internal const decimal MaxValue = long.MaxValue;

    internal const decimal Nano = 1e-9m;

    private readonly QuantityFormat _format;

    internal Quantity(decimal value, QuantityFormat format)
    {
        Value = value;
        _format = format;
    }

    /// <summary>The amount in base units (cores, bytes, items).</summary>
    public decimal Value { get; }

    /// <summary>The amount in thousandths of the base unit, rounded up: how CPU is compared.</summary>
    public long MilliValue => ToLong(Value * 1000);

    /// <summary>The amount in whole base units, rounded up.</summary>
    public long LongValue => ToLong(Value);

    public bool IsZero => Value == 0;

    public static Quantity FromMilli(long milli) => new(milli / 1000m, QuantityFormat.DecimalSI);

    public static Quantity FromValue(long value) => new(value, QuantityFormat.DecimalSI);

    /// <summary>A number of bytes, written in binary units.</summary>
    public static Quantity FromBytes(long bytes) => new(bytes, QuantityFormat.BinarySI);

    public static Quantity Parse(string text) =>
        TryParse(text, out var quantity) ? quantity : throw new FormatException($"\"{text}\" is not a quantity");

    public static bool TryParse(string? text, out Quantity quantity) => QuantityParser.TryParse(text, out quantity, out _);

    /// <summary>Why a text is not a quantity, in Kubernetes' words.</summary>
    public static string ParseError(string text) => QuantityParser.TryParse(text, out _, out var error) ? "" : error;

    /// <summary>The sum, shown the way the left side is, or the right one where the left is zero.</summary>
    public static Quantity operator +(Quantity left, Quantity right) =>
        new(Clamp(left.Value + right.Value), left.IsZero ? right._format : left._format);

    public static Quantity operator -(Quantity left, Quantity right) =>
        new(Clamp(left.Value - right.Value), left.IsZero ? right._format : left._format);

    public static Quantity operator -(Quantity value) => new(-value.Value, value._format);

    public static bool operator ==(Quantity left, Quantity right) => left.Equals(right);

    public static bool operator !=(Quantity left, Quantity right) => !left.Equals(right);

    public static bool operator <(Quantity left, Quantity right) => left.Value < right.Value;

    public static bool operator >(Quantity left, Quantity right) => left.Value > right.Value;

    public static bool operator <=(Quantity left, Quantity right) => left.Value <= right.Value;

    public static bool operator >=(Quantity left, Quantity right) => left.Value >= right.Value;

    /// <summary>The amount rounded up to the next multiple of a power of ten, as 1e-3 for milli.</summary>
    public Quantity RoundUp(decimal unit) => new(Math.Ceiling(Value / unit) * unit, _format);

    public int CompareTo(Quantity other) => Value.CompareTo(other.Value);

    /// <summary>By amount: 1 equals 1000m.</summary>
    public bool Equals(Quantity other) => Value == other.Value;

    public override bool Equals(object? obj) => obj is Quantity other && Equals(other);

    public override int GetHashCode() => Value.GetHashCode();

    public override string ToString() => QuantityFormatter.Format(Value, _format);

    internal static decimal Clamp(decimal value) => Math.Clamp(value, -MaxValue, MaxValue);

    private static long ToLong(decimal value)
    {
        // Away from zero, as Kubernetes rounds.
        var rounded = value < 0 ? Math.Floor(value) : Math.Ceiling(value);
        return rounded >= long.MaxValue ? long.MaxValue : rounded <= long.MinValue ? long.MinValue : decimal.ToInt64(rounded);
    }
}
