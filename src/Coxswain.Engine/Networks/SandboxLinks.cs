using System.Net;
using Coxswain.Engine.Sandboxes;
using Coxswain.Linux.Links;
using Coxswain.Linux.Namespaces;

namespace Coxswain.Engine.Networks;

/// <summary>Makes one sandbox: its namespaces, its veth pair, and what is inside.</summary>
/// <param name="ownerMark">Written on our ends, so that nobody takes them for others'.</param>
internal sealed class SandboxLinks(
    ContainerNetworkOptions options, string ownerMark, ILinks links, INamespaces namespaces, SharedMemory sharedMemory)
{
    private const string InsideName = "eth0";

    /// <summary>Sandboxes have IPv4 only for now, and learn no routes but ours.</summary>
    private static readonly IReadOnlyDictionary<string, string> InsideSysctls = new Dictionary<string, string>
    {
        ["net.ipv6.conf.default.disable_ipv6"] = "1",
        ["net.ipv4.conf.all.accept_redirects"] = "0",
        ["net.ipv4.conf.default.accept_redirects"] = "0",
    };

    public async Task CreateAsync(
        NetworkAttachment attachment, NetworkAttachRequest request, int bridgeIndex, CancellationToken cancellationToken)
    {
        SandboxSysctls.Check(request.Sysctls);
        await namespaces.CreateAsync(attachment.Directory, attachment.Hostname, cancellationToken);
        sharedMemory.Create(attachment.Directory, request.SharedMemoryBytes);
        await namespaces.RunInAsync(
            attachment.NetworkNamespacePath, () => SandboxSysctls.Write(InsideSysctls, ignoreMissing: true), cancellationToken);
        await ConnectAsync(attachment, bridgeIndex, request.Sysctls, cancellationToken);
    }

    /// <summary>Links a sandbox that is there to the bridge.</summary>
    public async Task ConnectAsync(
        NetworkAttachment attachment, int bridgeIndex, IReadOnlyDictionary<string, string>? sysctls, CancellationToken cancellationToken)
    {
        links.Apply(
            // One of that name can only be left from a sandbox of long ago in which something lived on.
            new DeleteLink(attachment.HostLink),
            // The port is not isolated: where br_netfilter is on (any machine with Docker), a packet to a Service is given its
            // new address inside the bridge and goes on to the other port from there.
            new AddVeth(
                attachment.HostLink, InsideName, attachment.NetworkNamespacePath, bridgeIndex, options.Mtu, MacOf(attachment.Address)),
            new SetAlias(attachment.HostLink, ownerMark));
        // In both namespaces: a setting is never written anywhere but where it belongs.
        await namespaces.RunInAsync(
            attachment.NetworkNamespacePath, attachment.IpcNamespacePath, () => SetUpInside(attachment, sysctls), cancellationToken);
    }

    /// <summary>From the address, so that one who gets it later has the same, and no neighbour table is ever wrong.</summary>
    public static string MacOf(IPAddress address) =>
        "0a:58:" + string.Join(':', address.GetAddressBytes().Select(part => part.ToString("x2")));

    private bool SetUpInside(NetworkAttachment attachment, IReadOnlyDictionary<string, string>? sysctls)
    {
        // The first link of a namespace has a known index, but not one that takes its place.
        var inside = links.Find(InsideName)?.Index ?? throw new EngineException($"sandbox {attachment.SandboxId} has no {InsideName}");
        links.Apply(
            new SetUp(WellKnownLinks.Loopback),
            new AddAddress(inside, attachment.Address, attachment.PrefixLength),
            new SetUp(inside),
            new AddRoute(new IPNetwork(attachment.Gateway, 32), null, inside),
            new AddRoute(new IPNetwork(IPAddress.Any, 0), attachment.Gateway, inside));
        return SandboxSysctls.Write(sysctls);
    }
}
