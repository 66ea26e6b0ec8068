using System.Net;
using Coxswain.Network.Policies;
using Coxswain.Node.Runtime;

namespace Coxswain.Hosting;

/// <summary>Gives a pod its network only together with the policies for it, so that there is no packet they do not see.</summary>
internal sealed class PolicedPodNetwork(IPodNetwork inner, PolicyEnforcer policies) : IPodNetwork
{
    public async Task<PodNetworkAttachment> AddAsync(
        string sandboxId, string hostname, IReadOnlyDictionary<string, string> sysctls, CancellationToken cancellationToken)
    {
        var attachment = await inner.AddAsync(sandboxId, hostname, sysctls, cancellationToken);
        try
        {
            await policies.AdmitAsync(sandboxId, IPAddress.Parse(attachment.Addresses[0]), cancellationToken);
        }
        catch (TimeoutException exception)
        {
            throw new RuntimeException(RuntimeFailure.Failed, $"failed to setup network for sandbox \"{sandboxId}\": {exception.Message}", exception);
        }

        return attachment;
    }

    public async Task DeleteAsync(string sandboxId, CancellationToken cancellationToken)
    {
        // Until its status is gone too, that says whose the address was; whoever gets it next is asked first.
        policies.Release(sandboxId);
        await inner.DeleteAsync(sandboxId, cancellationToken);
    }

    public Task<PodNetworkAttachment?> CheckAsync(string sandboxId, CancellationToken cancellationToken) =>
        inner.CheckAsync(sandboxId, cancellationToken);
}
