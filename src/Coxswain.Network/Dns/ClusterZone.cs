using System.Net;
using System.Net.Sockets;

namespace Coxswain.Network.Dns;

/// <summary>
/// All names of the cluster at one moment, as the Kubernetes DNS specification 1.1 wants them. Immutable, and so answers
/// any number of queries at once; a change makes a new one.
/// </summary>
internal sealed class ClusterZone
{
    private const string Reverse = ".in-addr.arpa";
    private const int LongestAliasChain = 8;

    private readonly ClusterDnsOptions _options;
    private readonly Dictionary<string, List<DnsRecord>> _names;
    private readonly AuthorityRecord _authority;
    private readonly string _podSuffix;

    /// <param name="names">Also those without records of their own that others are below.</param>
    public ClusterZone(ClusterDnsOptions options, Dictionary<string, List<DnsRecord>> names, uint serial)
    {
        _options = options;
        _names = names;
        _authority = new AuthorityRecord(options.Domain, $"ns.dns.{options.Domain}", $"hostmaster.{options.Domain}", serial);
        _podSuffix = $".pod.{options.Domain}";
    }

    /// <summary>Null when the name is not ours to answer.</summary>
    public DnsAnswer? Answer(string name, DnsType type)
    {
        if (!IsOurs(name))
        {
            return null;
        }

        var answers = new List<DnsRecord>();
        for (var links = 0; links < LongestAliasChain; links++)
        {
            var records = Find(name);
            if (records is null)
            {
                return Negative(answers, DnsResponseCode.NameError);
            }

            var alias = records.OfType<NameRecord>().FirstOrDefault(record => record.Type == DnsType.CNAME);
            if (alias is null || type is DnsType.CNAME or DnsType.ANY)
            {
                answers.AddRange(records.Where(record => type == DnsType.ANY || record.Type == type));
                return answers.Count == 0 || (links > 0 && answers[^1] is NameRecord { Type: DnsType.CNAME })
                    ? Negative(answers, DnsResponseCode.NoError)
                    : new DnsAnswer(DnsResponseCode.NoError, answers, [], Additional(answers));
            }

            answers.Add(alias);
            name = alias.Target;
            if (!IsOurs(name))
            {
                return DnsAnswer.Of(answers) with { Outside = name };
            }
        }

        return DnsAnswer.Refusal(DnsResponseCode.ServerFailure);
    }

    private bool IsOurs(string name)
    {
        if (name.EndsWith(Reverse, StringComparison.Ordinal))
        {
            return ReverseAddress(name) is { } address && _options.ClusterNetworks.Any(network => network.Contains(address));
        }

        return name == _options.Domain
            || (name == ClusterDnsOptions.HostName && _options.HostAddress is not null)
            || (name.EndsWith(_options.Domain, StringComparison.Ordinal) && name[^(_options.Domain.Length + 1)] == '.');
    }

    private IReadOnlyList<DnsRecord>? Find(string name)
    {
        if (_names.TryGetValue(name, out var records))
        {
            return name == _options.Domain ? [.. records, _authority] : records;
        }

        return name.EndsWith(_podSuffix, StringComparison.Ordinal) ? FindPod(name) : null;
    }

    /// <summary><c>a-b-c-d.namespace.pod</c> is the address it spells, as with CoreDNS' <c>pods insecure</c>.</summary>
    private IReadOnlyList<DnsRecord>? FindPod(string name)
    {
        var labels = name[..^_podSuffix.Length].Split('.');
        if (labels.Length == 1)
        {
            return [];
        }

        return labels.Length == 2
            && labels[0].Count(character => character == '-') == 3
            && IPAddress.TryParse(labels[0].Replace('-', '.'), out var address)
            && address.AddressFamily == AddressFamily.InterNetwork
                ? [new AddressRecord(name, address)]
                : null;
    }

    private DnsAnswer Negative(IReadOnlyList<DnsRecord> answers, DnsResponseCode code) => new(code, answers, [_authority], []);

    /// <summary>The addresses of the targets that SRV records name.</summary>
    private List<DnsRecord> Additional(IEnumerable<DnsRecord> answers) =>
        [
            .. answers.OfType<ServiceRecord>().Select(record => record.Target).Distinct(StringComparer.Ordinal)
                .SelectMany(target => Find(target) ?? []).Where(record => record.Type == DnsType.A),
        ];

    private static IPAddress? ReverseAddress(string name)
    {
        var labels = name[..^Reverse.Length].Split('.');
        if (labels.Length != 4)
        {
            return null;
        }

        Array.Reverse(labels);
        return IPAddress.TryParse(string.Join('.', labels), out var address) && address.AddressFamily == AddressFamily.InterNetwork
            ? address
            : null;
    }
}
