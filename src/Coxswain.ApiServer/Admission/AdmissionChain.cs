namespace Coxswain.ApiServer.Admission;

/// <summary>The admission plug-ins in the order they run.</summary>
internal sealed class AdmissionChain(IReadOnlyList<IAdmissionPlugin> plugins)
{
    /// <returns>Whether any of them changed the document, so that it must be defaulted and decoded again.</returns>
    public async ValueTask<bool> MutateAsync(AdmissionContext context, CancellationToken cancellationToken)
    {
        var changed = false;
        foreach (var plugin in plugins)
        {
            changed |= await plugin.MutateAsync(context, cancellationToken);
        }

        return changed;
    }

    public async ValueTask ValidateAsync(AdmissionContext context, CancellationToken cancellationToken)
    {
        foreach (var plugin in plugins)
        {
            await plugin.ValidateAsync(context, cancellationToken);
        }
    }
}
