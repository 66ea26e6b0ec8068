using Coxswain.Network.Ingresses;
using Coxswain.Network.Proxy;
using Coxswain.Node.Runtime;

namespace Coxswain.Hosting;

/// <summary>What leads connections to this node's Pods, as the node agent asks it: the Service proxy and the Ingresses.</summary>
internal sealed class ProxiedTraffic(ServiceProxy proxy, IngressController ingresses) : IPodTraffic
{
    public async Task<bool> WaitUntilWithdrawnAsync(string uid, CancellationToken cancellationToken)
    {
        var proxied = proxy.WaitUntilWithdrawnAsync(uid, cancellationToken);
        await Task.WhenAll(proxied, ingresses.WaitUntilWithdrawnAsync(uid, cancellationToken));
        return await proxied;
    }
}
