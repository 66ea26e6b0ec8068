using Coxswain.Api.Errors;

namespace Coxswain.Api.Validation;

/// <summary>The rules of one kind.</summary>
internal sealed class KindValidation
{
    private readonly Action<FieldErrors, IKubeObject> _check;
    private readonly Action<FieldErrors, IKubeObject, IKubeObject> _checkUpdate;

    private KindValidation(ObjectKind kind, Action<FieldErrors, IKubeObject> check, Action<FieldErrors, IKubeObject, IKubeObject> checkUpdate)
    {
        Kind = kind;
        _check = check;
        _checkUpdate = checkUpdate;
    }

    public ObjectKind Kind { get; }

    /// <param name="check">What every object of the kind must keep.</param>
    /// <param name="checkUpdate">What an update may not change.</param>
    public static KindValidation Of<T>(Action<FieldErrors, T> check, Action<FieldErrors, T, T>? checkUpdate = null)
        where T : class, IKubeObject<T> =>
        new(T.ObjectKind, (errors, value) => check(errors, (T)value), (errors, now, before) => checkUpdate?.Invoke(errors, (T)now, (T)before));

    public void Check(FieldErrors errors, IKubeObject value) => _check(errors, value);

    public void CheckUpdate(FieldErrors errors, IKubeObject value, IKubeObject old) => _checkUpdate(errors, value, old);
}
