using System.Net;
using Coxswain.Linux;
using Coxswain.Linux.Links;
using Coxswain.Linux.Namespaces;

namespace Coxswain.Engine.Networks;

/// <summary>Makes one sandbox: its namespaces, its veth pair, and what is inside.</summary>
internal sealed class SandboxLinks(ContainerNetworkOptions options, ILinks links, INamespaces namespaces)
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
        await namespaces.CreateAsync(attachment.Directory, attachment.Hostname, cancellationToken);
        await namespaces.RunInAsync(
            attachment.NetworkNamespacePath, () => WriteSysctls(InsideSysctls, ignoreMissing: true), cancellationToken);
        links.Apply(
            // One of that name can only be left from a sandbox of long ago in which something lived on.
            new DeleteLink(attachment.HostLink),
            // The port is not isolated: where br_netfilter is on (any machine with Docker), a packet to a Service is given its
            // new address inside the bridge and goes on to the other port from there.
            new AddVeth(
                attachment.HostLink, InsideName, attachment.NetworkNamespacePath, bridgeIndex, options.Mtu, MacOf(attachment.Address)));
        await namespaces.RunInAsync(attachment.NetworkNamespacePath, () => SetUpInside(attachment, request), cancellationToken);
    }

    /// <summary>From the address, so that one who gets it later has the same, and no neighbour table is ever wrong.</summary>
    public static string MacOf(IPAddress address) =>
        "0a:58:" + string.Join(':', address.GetAddressBytes().Select(part => part.ToString("x2")));

    private static bool WriteSysctls(IReadOnlyDictionary<string, string> settings, bool ignoreMissing)
    {
        foreach (var (name, value) in settings)
        {
            var file = $"/proc/sys/{name.Replace('.', '/')}";
            if (ignoreMissing && !File.Exists(file))
            {
                continue;
            }

            try
            {
                File.WriteAllText(file, value);
            }
            catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
            {
                throw new LinuxException($"set {name} to {value}", exception);
            }
        }

        return true;
    }

    private bool SetUpInside(NetworkAttachment attachment, NetworkAttachRequest request)
    {
        const int Inside = WellKnownLinks.SandboxPeer;
        links.Apply(
            new SetUp(WellKnownLinks.Loopback),
            new AddAddress(Inside, attachment.Address, attachment.PrefixLength),
            new SetUp(Inside),
            new AddRoute(new IPNetwork(attachment.Gateway, 32), null, Inside),
            new AddRoute(new IPNetwork(IPAddress.Any, 0), attachment.Gateway, Inside));
        return WriteSysctls(request.Sysctls ?? new Dictionary<string, string>(), ignoreMissing: false);
    }
}
