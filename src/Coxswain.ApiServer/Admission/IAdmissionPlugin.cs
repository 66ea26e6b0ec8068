namespace Coxswain.ApiServer.Admission;

/// <summary>
/// One rule that a write passes on its way to the store. First every plug-in may change the object, in order; then
/// every one may refuse it, seeing its final form.
/// </summary>
internal interface IAdmissionPlugin
{
    /// <returns>Whether the document was changed.</returns>
    /// <exception cref="Coxswain.Api.Errors.KubeStatusException">The write is refused.</exception>
    ValueTask<bool> MutateAsync(AdmissionContext context, CancellationToken cancellationToken) => ValueTask.FromResult(false);

    /// <exception cref="Coxswain.Api.Errors.KubeStatusException">The write is refused.</exception>
    ValueTask ValidateAsync(AdmissionContext context, CancellationToken cancellationToken) => ValueTask.CompletedTask;
}
