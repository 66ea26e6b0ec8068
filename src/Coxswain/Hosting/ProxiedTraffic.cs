using Coxswain.Network.Proxy;
using Coxswain.Node.Runtime;

namespace Coxswain.Hosting;

/// <summary>The node's Service proxy, as the node agent asks it.</summary>
internal sealed class ProxiedTraffic(ServiceProxy proxy) : IPodTraffic
{
    public Task WaitUntilWithdrawnAsync(string uid, CancellationToken cancellationToken) => proxy.WaitUntilWithdrawnAsync(uid, cancellationToken);
}
