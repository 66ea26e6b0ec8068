namespace Coxswain.Cel.Values;

/// <summary>A value that may be absent.</summary>
public sealed record CelOptional(object? Value)
{
    public static readonly CelOptional None = new((object?)null);

    public bool HasValue => Value is not null;
}
