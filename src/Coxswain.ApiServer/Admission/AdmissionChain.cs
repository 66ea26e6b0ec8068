namespace Coxswain.ApiServer.Admission;

/// <summary>The admission plug-ins in the order they run.</summary>
/// <param name="webhooks">Who may change an object after the plug-ins; null when nobody may.</param>
internal sealed class AdmissionChain(IReadOnlyList<IAdmissionPlugin> plugins, ILateMutator? webhooks = null)
{
    /// <returns>Whether any of them changed the document, so that it must be defaulted and decoded again.</returns>
    public async ValueTask<bool> MutateAsync(AdmissionContext context, CancellationToken cancellationToken)
    {
        var changed = await MutateByPluginsAsync(context, cancellationToken);
        return (webhooks is not null
            && await webhooks.MutateAsync(context, async () => await MutateByPluginsAsync(context, cancellationToken), cancellationToken)) || changed;
    }

    public async ValueTask ValidateAsync(AdmissionContext context, CancellationToken cancellationToken)
    {
        foreach (var plugin in plugins)
        {
            await plugin.ValidateAsync(context, cancellationToken);
        }
    }

    private async ValueTask<bool> MutateByPluginsAsync(AdmissionContext context, CancellationToken cancellationToken)
    {
        var changed = false;
        foreach (var plugin in plugins)
        {
            changed |= await plugin.MutateAsync(context, cancellationToken);
        }

        return changed;
    }
}
