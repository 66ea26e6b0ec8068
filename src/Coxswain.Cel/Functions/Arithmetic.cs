using Coxswain.Cel.Values;

namespace Coxswain.Cel.Functions;

/// <summary>The arithmetic operators. What does not fit is an error, never another number.</summary>
internal static class Arithmetic
{
    public static object Add(object[] arguments)
    {
        switch (arguments[0], arguments[1])
        {
            case (long a, long b):
                var sum = unchecked(a + b);
                return ((a ^ sum) & (b ^ sum)) < 0 ? CelError.Overflow : sum;
            case (ulong a, ulong b):
                return ulong.MaxValue - a < b ? CelError.Overflow : a + b;
            case (double a, double b):
                return a + b;
            case (string a, string b):
                return a + b;
            case (byte[] a, byte[] b):
                return (byte[])[.. a, .. b];
            case (CelList a, CelList b):
                return a.Append(b);
            case (CelTimestamp a, CelDuration b):
                return Fitting(new CelTimestamp(a.Nanoseconds + b.Nanoseconds));
            case (CelDuration a, CelTimestamp b):
                return Fitting(new CelTimestamp(a.Nanoseconds + b.Nanoseconds));
            case (CelDuration a, CelDuration b):
                return Fitting(new CelDuration(a.Nanoseconds + b.Nanoseconds));
            default:
                return CelError.NoOverload;
        }
    }

    public static object Subtract(object[] arguments)
    {
        switch (arguments[0], arguments[1])
        {
            case (long a, long b):
                var difference = unchecked(a - b);
                return ((a ^ b) & (a ^ difference)) < 0 ? CelError.Overflow : difference;
            case (ulong a, ulong b):
                return a < b ? CelError.Overflow : a - b;
            case (double a, double b):
                return a - b;
            case (CelTimestamp a, CelTimestamp b):
                return Fitting(new CelDuration(a.Nanoseconds - b.Nanoseconds));
            case (CelTimestamp a, CelDuration b):
                return Fitting(new CelTimestamp(a.Nanoseconds - b.Nanoseconds));
            case (CelDuration a, CelDuration b):
                return Fitting(new CelDuration(a.Nanoseconds - b.Nanoseconds));
            default:
                return CelError.NoOverload;
        }
    }

    public static object Multiply(object[] arguments) => (arguments[0], arguments[1]) switch
    {
        (long a, long b) => (Int128)a * b is var product && product >= long.MinValue && product <= long.MaxValue ? (long)product : CelError.Overflow,
        (ulong a, ulong b) => (UInt128)a * b is var product && product <= ulong.MaxValue ? (ulong)product : CelError.Overflow,
        (double a, double b) => a * b,
        _ => CelError.NoOverload,
    };

    public static object Divide(object[] arguments) => (arguments[0], arguments[1]) switch
    {
        (long, 0L) or (ulong, 0UL) => new CelError("division by zero"),
        (long.MinValue, -1L) => CelError.Overflow,
        (long a, long b) => a / b,
        (ulong a, ulong b) => a / b,
        (double a, double b) => a / b,
        _ => CelError.NoOverload,
    };

    public static object Remainder(object[] arguments) => (arguments[0], arguments[1]) switch
    {
        (long, 0L) or (ulong, 0UL) => new CelError("modulus by zero"),
        (long.MinValue, -1L) => CelError.Overflow,
        (long a, long b) => a % b,
        (ulong a, ulong b) => a % b,
        _ => CelError.NoOverload,
    };

    public static object Negate(object[] arguments) => arguments[0] switch
    {
        long.MinValue => CelError.Overflow,
        long number => (object)-number,
        double number => -number,
        _ => CelError.NoOverload,
    };

    private static object Fitting(CelTimestamp time) => time.IsInRange ? time : new CelError("timestamp overflow: out of range");

    private static object Fitting(CelDuration duration) => duration.IsInRange ? duration : new CelError("duration overflow: out of range");
}
