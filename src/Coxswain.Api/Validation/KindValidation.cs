using Coxswain.Api.Errors;

namespace Coxswain.Api.Validation;

/// <summary>The rules of one kind.</summary>
internal sealed class KindValidation
{
    private readonly Action<FieldErrors, IKubeObject> _check;
    private readonly Action<FieldErrors, IKubeObject, IKubeObject> _checkUpdate;
    private readonly Action<FieldErrors, IKubeObject> _checkCreate;

    private KindValidation(
        ObjectKind kind, Action<FieldErrors, IKubeObject> check, Action<FieldErrors, IKubeObject, IKubeObject> checkUpdate,
        Action<FieldErrors, IKubeObject> checkCreate)
    {
        Kind = kind;
        _check = check;
        _checkUpdate = checkUpdate;
        _checkCreate = checkCreate;
    }

    public ObjectKind Kind { get; }

    /// <param name="check">What every object of the kind must keep.</param>
    /// <param name="checkUpdate">What an update may not change.</param>
    /// <param name="checkCreate">What a new one may not have.</param>
    public static KindValidation Of<T>(
        Action<FieldErrors, T> check, Action<FieldErrors, T, T>? checkUpdate = null, Action<FieldErrors, T>? checkCreate = null)
        where T : class, IKubeObject<T> => new(
            T.ObjectKind, (errors, value) => check(errors, (T)value), (errors, now, before) => checkUpdate?.Invoke(errors, (T)now, (T)before),
            (errors, value) => checkCreate?.Invoke(errors, (T)value));

    public void Check(FieldErrors errors, IKubeObject value) => _check(errors, value);

    public void CheckCreate(FieldErrors errors, IKubeObject value) => _checkCreate(errors, value);

    public void CheckUpdate(FieldErrors errors, IKubeObject value, IKubeObject old) => _checkUpdate(errors, value, old);
}
