using System.Net;
using System.Text.Json.Nodes;
using Coxswain.ApiServer.Documents;
using Coxswain.Store;

namespace Coxswain.ApiServer.Resources.Rules;

/// <summary>The pools Services draw from, filled at start with what stored Services hold.</summary>
internal sealed class ServicePools(IStore store, IPNetwork range, Random random)
{
    public ServiceAddresses Addresses { get; } = new(range, random);

    public NodePorts Ports { get; } = new(random);

    public async Task RebuildAsync(CancellationToken cancellationToken)
    {
        var list = await store.ListAsync(new ListQuery("/registry/core/services/"), cancellationToken);
        foreach (var entry in list.Entries)
        {
            if (Document.Decode(entry.Value)["spec"] is JsonObject spec)
            {
                Addresses.TryTake(spec.TextAt("clusterIP"));
                foreach (var port in ServiceRules.NodePortsOf(spec))
                {
                    Ports.TryTake(port);
                }
            }
        }
    }
}
