namespace Coxswain.Cel.Values;

/// <summary>What an expression gives that has no value. It passes through everything but <c>&amp;&amp;</c>, <c>||</c> and folds over them.</summary>
public sealed record CelError(string Message)
{
    public static readonly CelError NoOverload = new("no such overload");
    public static readonly CelError Overflow = new("integer overflow");
    public static readonly CelError Range = new("range error: result out of range");

    public static CelError NoKey(object key) => new($"no such key: {CelText.Of(key)}");
}
