using Coxswain.Api.Resources;
using Coxswain.Client;

namespace Coxswain.Controllers.Tests;

/// <summary>What the server serves, with some of it said otherwise.</summary>
internal sealed class FilteredDiscovery(IKubeDiscovery served, Func<ApiResource, ApiResource> say) : IKubeDiscovery
{
    private ServedResources? _known;
    private ServedResources? _said;

    public ServedResources Current => Say(served.Current);

    public async Task<ServedResources> WaitForChangeAsync(ServedResources known, CancellationToken cancellationToken) =>
        Say(await served.WaitForChangeAsync(known.Equals(_said) ? _known! : known, cancellationToken)); // both were set together

    private ServedResources Say(ServedResources current)
    {
        if (!current.Equals(_known))
        {
            (_known, _said) = (current, new ServedResources([.. current.Resources.Select(say)]));
        }

        return _said!; // set with what is known
    }
}
