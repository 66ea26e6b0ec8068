namespace Coxswain.ApiServer.Admission;

/// <summary>The admission plug-ins in the order they run.</summary>
/// <param name="late">Who may change an object after the plug-ins, in order.</param>
internal sealed class AdmissionChain(IReadOnlyList<IAdmissionPlugin> plugins, params IReadOnlyList<ILateMutator> late)
{
    /// <returns>Whether any of them changed the document, so that it must be defaulted and decoded again.</returns>
    public async ValueTask<bool> MutateAsync(AdmissionContext context, CancellationToken cancellationToken)
    {
        var changed = await MutateByPluginsAsync(context, cancellationToken);
        for (var i = 0; i < late.Count; i++)
        {
            var before = i;
            changed |= await late[i].MutateAsync(context, () => ReinvokeAsync(context, before, cancellationToken), cancellationToken);
        }

        return changed;
    }

    /// <summary>Those before a late one look at what it changed.</summary>
    private async ValueTask ReinvokeAsync(AdmissionContext context, int before, CancellationToken cancellationToken)
    {
        await MutateByPluginsAsync(context, cancellationToken);
        for (var i = 0; i < before; i++)
        {
            await late[i].ReinvokeAsync(context, cancellationToken);
        }
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
