namespace Coxswain.Api;

/// <summary>
/// The rules an object must keep beyond its shape, checked on typed, defaulted objects. Every kind's metadata is
/// checked; the built-in kinds that Kubernetes checks further are too.
/// </summary>
public static class Validation
{
    public static IReadOnlyList<FieldError> ValidateCreate(IKubeObject value)
    {
        var errors = new FieldErrors();
        MetadataValidation.Create(errors, value);
        return errors.All;
    }

    /// <param name="value">As it will be stored: with the metadata the server itself sets.</param>
    /// <param name="old">As it is stored.</param>
    public static IReadOnlyList<FieldError> ValidateUpdate(IKubeObject value, IKubeObject old)
    {
        var errors = new FieldErrors();
        MetadataValidation.Update(errors, value, old);
        return errors.All;
    }
}
