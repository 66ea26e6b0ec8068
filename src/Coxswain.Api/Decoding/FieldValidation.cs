namespace Coxswain.Api.Decoding;

/// <summary>What happens to unknown and duplicate fields, as the query parameter <c>fieldValidation</c> names it.</summary>
public enum FieldValidation
{
    Ignore,
    Warn,
    Strict,
}
