namespace Coxswain.Api.Errors;

/// <summary>Collects errors while an object is walked.</summary>
internal sealed class FieldErrors
{
    /// <summary>Errors beyond this many are not collected: nobody reads them, and each holds a path and a value.</summary>
    public const int MaxErrors = 100;

    private List<FieldError>? _errors;

    public IReadOnlyList<FieldError> All => _errors ?? (IReadOnlyList<FieldError>)[];

    public int Count => _errors?.Count ?? 0;

    public void Add(FieldError error)
    {
        if (Count < MaxErrors)
        {
            (_errors ??= []).Add(error);
        }
    }

    public void Required(string field, string detail = "") => Add(FieldError.Required(field, detail));

    public void Invalid(string field, object? value, string detail) => Add(FieldError.Invalid(field, value, detail));

    public void Invalid(string field, object? value, IReadOnlyList<string> details)
    {
        for (var i = 0; i < details.Count; i++)
        {
            Invalid(field, value, details[i]);
        }
    }

    public void Duplicate(string field, object? value) => Add(FieldError.Duplicate(field, value));

    public void Forbidden(string field, string detail) => Add(FieldError.Forbidden(field, detail));

    /// <summary>Checks that a value is one of the known ones.</summary>
    public void OneOf(string field, string value, params ReadOnlySpan<string> known)
    {
        if (!known.Contains(value))
        {
            Add(FieldError.NotSupported(field, value, known.ToArray()));
        }
    }

    public void NonNegative(string field, long value)
    {
        if (value < 0)
        {
            Invalid(field, value, "must be greater than or equal to 0");
        }
    }

    /// <summary>Checks a field that may not change once set.</summary>
    public void Immutable(string field, object? value, bool same)
    {
        if (!same)
        {
            Invalid(field, value, "field is immutable");
        }
    }
}
