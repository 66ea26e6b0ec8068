using System.Net;
using Coxswain.Engine.Sandboxes;
using Coxswain.Linux.Links;
using Coxswain.Linux.Namespaces;

namespace Coxswain.Engine.Local.Networks;

/// <summary>What is inside a sandbox: its namespace, a link for each endpoint, addresses and routes.</summary>
internal sealed class SandboxEndpoints(ILinks links, INamespaces namespaces, string ownerMark)
{
    /// <summary>As Docker: any user may have low ports and send pings.</summary>
    private static readonly IReadOnlyDictionary<string, string> Settings = new Dictionary<string, string>
    {
        ["net.ipv4.ip_unprivileged_port_start"] = "0",
        ["net.ipv4.ping_group_range"] = "0 2147483647",
        ["net.ipv6.conf.default.disable_ipv6"] = "1",
    };

    public async Task MakeAsync(LocalSandbox sandbox, CancellationToken cancellationToken)
    {
        var directory = Path.GetDirectoryName(sandbox.NetnsPath)!; // It is pinned in a directory.
        namespaces.Delete(directory);
        await namespaces.CreateAsync(directory, sandbox.Hostname, cancellationToken);
        await namespaces.RunInAsync(
            sandbox.NetnsPath,
            () =>
            {
                links.Apply(new SetUp(WellKnownLinks.Loopback));
                return SandboxSysctls.Write(Settings, ignoreMissing: true);
            },
            cancellationToken);
    }

    public void Remove(LocalSandbox sandbox)
    {
        links.Apply([.. sandbox.Endpoints.Select(endpoint => new DeleteLink(endpoint.HostLink))]);
        namespaces.Delete(Path.GetDirectoryName(sandbox.NetnsPath)!); // As above.
    }

    public async Task ConnectAsync(
        LocalSandbox sandbox, Endpoint endpoint, LocalNetwork network, int bridgeIndex, CancellationToken cancellationToken)
    {
        const string New = "coxnew";
        links.Apply(
            new DeleteLink(endpoint.HostLink),
            new AddVeth(endpoint.HostLink, New, sandbox.NetnsPath, bridgeIndex, network.Mtu, endpoint.MacAddress),
            new SetAlias(endpoint.HostLink, ownerMark),
            // A container may reach itself by a published port.
            new SetBridgePort(endpoint.HostLink, Hairpin: true));
        var subnet = IPNetwork.Parse(network.Subnet);
        await namespaces.RunInAsync(
            sandbox.NetnsPath,
            () =>
            {
                var inside = links.Find(New)?.Index ?? throw new EngineException($"the new link of {sandbox.Name} is not there");
                var names = links.List().Select(link => link.Name).ToHashSet(StringComparer.Ordinal);
                var name = Enumerable.Range(0, names.Count).Select(index => $"eth{index}").First(candidate => !names.Contains(candidate));
                links.Apply(new SetName(inside, name));
                links.Apply(
                    new AddAddress(inside, IPAddress.Parse(endpoint.Address), subnet.PrefixLength),
                    new SetUp(inside));
                if (!network.Internal && links.ListRoutes().All(route => route.Destination.PrefixLength != 0))
                {
                    links.Apply(new AddRoute(new IPNetwork(IPAddress.Any, 0), IPAddress.Parse(network.Gateway), inside));
                }

                return true;
            },
            cancellationToken);
    }

    /// <summary>Another network takes over the way out when the one that had it goes.</summary>
    public async Task DisconnectAsync(
        LocalSandbox sandbox, Endpoint endpoint, LocalNetwork? next, CancellationToken cancellationToken)
    {
        links.Apply(new DeleteLink(endpoint.HostLink));
        if (next is null)
        {
            return;
        }

        var address = sandbox.Endpoints.First(other => other.NetworkId == next.Id).Address;
        await namespaces.RunInAsync(
            sandbox.NetnsPath,
            () =>
            {
                if (links.ListRoutes().All(route => route.Destination.PrefixLength != 0)
                    && links.ListAddresses().FirstOrDefault(known => known.Address.ToString() == address) is { } own)
                {
                    links.Apply(new AddRoute(new IPNetwork(IPAddress.Any, 0), IPAddress.Parse(next.Gateway), own.LinkIndex));
                }

                return true;
            },
            cancellationToken);
    }
}
