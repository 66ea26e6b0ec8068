using System.Text;
using Coxswain.Engine.Local.Networks;

namespace Coxswain.Engine.Local.Lifecycle;

/// <summary>Writes a container's /etc/hosts, /etc/hostname and /etc/resolv.conf. In place: they are mounted while it runs.</summary>
internal sealed class NameFiles(LocalStore store)
{
    public const string Hosts = "hosts";
    public const string Hostname = "hostname";
    public const string Resolver = "resolv.conf";

    public static readonly string[] All = [Hosts, Hostname, Resolver];

    /// <param name="links">Addresses of linked containers with their names.</param>
    public void Write(
        LocalContainerRecord record, IReadOnlyList<Endpoint> endpoints, IReadOnlyList<LocalNetwork> networks,
        IReadOnlyList<(string Address, string Names)> links)
    {
        var spec = record.Spec;
        var hosts = new StringBuilder(
            "127.0.0.1\tlocalhost\n::1\tlocalhost ip6-localhost ip6-loopback\nfe00::\tip6-localnet\nff00::\tip6-mcastprefix\n"
            + "ff02::1\tip6-allnodes\nff02::2\tip6-allrouters\n");
        foreach (var extra in spec.ExtraHosts)
        {
            var colon = extra.IndexOf(':', StringComparison.Ordinal);
            var (name, address) = colon < 0 ? (extra, "") : (extra[..colon], extra[(colon + 1)..]);
            address = address == "host-gateway" ? networks.FirstOrDefault()?.Gateway ?? "127.0.0.1" : address.Trim('[', ']');
            hosts.Append($"{address}\t{name}\n");
        }

        foreach (var (address, names) in links)
        {
            hosts.Append($"{address}\t{names}\n");
        }

        foreach (var endpoint in endpoints)
        {
            hosts.Append($"{endpoint.Address}\t{spec.Process.Hostname}\n");
        }

        Put(record.Id, Hosts, hosts.ToString());
        Put(record.Id, Hostname, spec.Process.Hostname + "\n");
        Put(record.Id, Resolver, ResolverText(spec, networks));
    }

    private static string ResolverText(LocalContainerSpec spec, IReadOnlyList<LocalNetwork> networks)
    {
        var servers = networks.Count > 0 ? [networks[0].Gateway] : spec.Dns.Count > 0 ? spec.Dns : HostResolver.Servers();
        var lines = servers.Select(server => $"nameserver {server}").ToList();
        var others = HostResolver.Others();
        lines.AddRange(spec.DnsSearch.Count > 0
            ? [$"search {string.Join(' ', spec.DnsSearch)}"]
            : others.Where(line => line.StartsWith("search", StringComparison.Ordinal) || line.StartsWith("domain", StringComparison.Ordinal)));
        lines.Add(spec.DnsOptions.Count > 0 ? $"options {string.Join(' ', spec.DnsOptions)}" : "options ndots:0");
        return string.Join('\n', lines) + "\n";
    }

    private void Put(string id, string name, string text)
    {
        Directory.CreateDirectory(store.DirectoryOf(id));
        File.WriteAllText(store.FileOf(id, name), text);
        File.SetUnixFileMode(
            store.FileOf(id, name), UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead | UnixFileMode.OtherRead);
    }
}
