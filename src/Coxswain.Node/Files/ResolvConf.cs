using Coxswain.Api.Core.V1;

namespace Coxswain.Node.Files;

/// <summary>A pod's /etc/resolv.conf, by its dnsPolicy.</summary>
internal static class ResolvConf
{
    /// <summary>What the resolver library reads at most.</summary>
    private const int MaxNameservers = 3;
    private const int MaxSearches = 32;

    /// <param name="host">The text of the node's own file.</param>
    public static string Build(Pod pod, string clusterDns, string clusterDomain, string host)
    {
        var own = Parse(host);
        var policy = pod.Spec.DnsPolicy;
        if (policy == DNSPolicy.ClusterFirst && pod.Spec.HostNetwork)
        {
            policy = DNSPolicy.Default;
        }

        var (nameservers, searches, options) = policy switch
        {
            DNSPolicy.None => ([], [], []),
            DNSPolicy.Default => own,
            _ => (
                [clusterDns],
                [$"{pod.Metadata.Namespace}.svc.{clusterDomain}", $"svc.{clusterDomain}", clusterDomain, .. own.Searches],
                (List<string>)["ndots:5"]),
        };

        if (pod.Spec.DnsConfig is { } added)
        {
            nameservers = [.. nameservers.Concat(added.Nameservers).Distinct()];
            searches = [.. searches.Concat(added.Searches).Distinct()];
            foreach (var option in added.Options)
            {
                options = [.. options.Where(known => known.Split(':')[0] != option.Name)];
                options.Add(string.IsNullOrEmpty(option.Value) ? option.Name : $"{option.Name}:{option.Value}");
            }
        }

        return Write(nameservers, searches, options);
    }

    private static string Write(List<string> nameservers, List<string> searches, List<string> options)
    {
        var lines = new List<string>();
        if (searches.Count > 0)
        {
            lines.Add("search " + string.Join(' ', searches.Take(MaxSearches)));
        }

        lines.AddRange(nameservers.Take(MaxNameservers).Select(nameserver => "nameserver " + nameserver));
        if (options.Count > 0)
        {
            lines.Add("options " + string.Join(' ', options));
        }

        return string.Concat(lines.Select(line => line + "\n"));
    }

    private static (List<string> Nameservers, List<string> Searches, List<string> Options) Parse(string text)
    {
        List<string> nameservers = [], searches = [], options = [];
        foreach (var line in text.Split('\n'))
        {
            var words = line.Split('#', ';')[0].Split((char[])[' ', '\t', '\r'], StringSplitOptions.RemoveEmptyEntries);
            switch (words)
            {
                case ["nameserver", var address, ..]:
                    nameservers.Add(address);
                    break;
                case ["search" or "domain", .. var domains]:
                    searches = [.. domains.Where(domain => domain != ".")];
                    break;
                case ["options", .. var more]:
                    options.AddRange(more);
                    break;
            }
        }

        return (nameservers, searches, options);
    }
}
