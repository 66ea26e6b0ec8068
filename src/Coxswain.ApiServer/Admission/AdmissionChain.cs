namespace Coxswain.ApiServer.Admission;

/// <summary>The admission plug-ins in the order they run.</summary>
internal sealed class AdmissionChain(IReadOnlyList<IAdmissionPlugin> plugins)
{
    public async ValueTask MutateAsync(AdmissionContext context, CancellationToken cancellationToken)
    {
        foreach (var plugin in plugins)
        {
            await plugin.MutateAsync(context, cancellationToken);
        }
    }

    public async ValueTask ValidateAsync(AdmissionContext context, CancellationToken cancellationToken)
    {
        foreach (var plugin in plugins)
        {
            await plugin.ValidateAsync(context, cancellationToken);
        }
    }
}
