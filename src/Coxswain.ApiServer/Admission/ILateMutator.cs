namespace Coxswain.ApiServer.Admission;

/// <summary>Somebody who extends the server and changes what is written, after the server's own plug-ins.</summary>
internal interface ILateMutator
{
    /// <param name="reinvoke">Runs the server's own plug-ins again; to be called when the document was changed.</param>
    /// <returns>Whether the document was changed.</returns>
    /// <exception cref="Coxswain.Api.Errors.KubeStatusException">The write is refused.</exception>
    ValueTask<bool> MutateAsync(AdmissionContext context, Func<ValueTask> reinvoke, CancellationToken cancellationToken);

    /// <summary>One that comes later changed the document: look again, where that was asked for.</summary>
    ValueTask ReinvokeAsync(AdmissionContext context, CancellationToken cancellationToken) => ValueTask.CompletedTask;
}
