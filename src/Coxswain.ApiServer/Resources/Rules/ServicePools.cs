using System.Net;
using System.Text.Json.Nodes;
using Coxswain.Api.Json;
using Coxswain.ApiServer.Documents;
using Coxswain.Store;

namespace Coxswain.ApiServer.Resources.Rules;

/// <summary>The pools Services draw from: addresses are IPAddress objects, as in Kubernetes; ports are known to nobody else.</summary>
internal sealed class ServicePools
{
    private const string AddressPrefix = "/registry/networking.k8s.io/ipaddresses/";
    private const string PortPrefix = "/registry/coxswain.dev/nodeports/";

    private readonly IStore _store;

    public ServicePools(IStore store, IPNetwork range, IdentitySource identities, Random random, TimeProvider time)
    {
        _store = store;
        Addresses = new StoredPool(store, new AddressRange(range), AddressPrefix, (address, service) => AddressOf(address, service, identities), random, time);
        Ports = new StoredPool(store, new PortRange(), PortPrefix, PortOf, random, time);
    }

    public StoredPool Addresses { get; }

    public StoredPool Ports { get; }

    /// <summary>Makes the pools say what the stored Services hold.</summary>
    public async Task RepairAsync(CancellationToken cancellationToken)
    {
        var addresses = new Dictionary<string, NamespacedService>(StringComparer.Ordinal);
        var ports = new Dictionary<string, NamespacedService>(StringComparer.Ordinal);
        var list = await _store.ListAsync(new ListQuery("/registry/core/services/"), cancellationToken);
        foreach (var entry in list.Entries)
        {
            var document = Document.Decode(entry.Value);
            if (document["spec"] is not JsonObject spec)
            {
                continue;
            }

            var service = NamespacedService.Of(document);
            addresses.TryAdd(spec.Text("clusterIP"), service);
            foreach (var port in ServiceRules.NodePortsOf(spec))
            {
                ports.TryAdd(Ports.Range.Text(port), service);
            }
        }

        await Addresses.RepairAsync(addresses, cancellationToken);
        await Ports.RepairAsync(ports, cancellationToken);
    }

    private static JsonObject AddressOf(string address, NamespacedService service, IdentitySource identities) => new()
    {
        ["apiVersion"] = "networking.k8s.io/v1",
        ["kind"] = "IPAddress",
        ["metadata"] = new JsonObject
        {
            ["name"] = address,
            ["uid"] = identities.NewUid(),
            ["labels"] = new JsonObject
            {
                ["ipaddress.kubernetes.io/ip-family"] = "IPv4",
                ["ipaddress.kubernetes.io/managed-by"] = "ipallocator.k8s.io",
            },
        },
        ["spec"] = new JsonObject
        {
            ["parentRef"] = new JsonObject
            {
                ["group"] = "", ["resource"] = "services", ["namespace"] = service.Namespace, ["name"] = service.Name,
            },
        },
    };

    private static JsonObject PortOf(string port, NamespacedService service) => new()
    {
        ["metadata"] = new JsonObject { ["name"] = port },
        ["service"] = $"{service.Namespace}/{service.Name}",
    };
}
