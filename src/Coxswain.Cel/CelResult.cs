using Coxswain.Cel.Values;

namespace Coxswain.Cel;

/// <param name="Value">What the expression gives; a <see cref="CelError"/> when it has no value.</param>
/// <param name="Cost">In units of about one look at a field.</param>
/// <param name="IsTooCostly">It was ended because it cost more than it may.</param>
public readonly record struct CelResult(object Value, long Cost, bool IsTooCostly)
{
    /// <summary>Null when there is a value.</summary>
    public string? Error => (Value as CelError)?.Message;
}
