using System.Net;
using System.Text.Json;
using Coxswain.Api.Core.V1;

namespace Coxswain.Network.Dns;

/// <summary>
/// Whom to ask for names that are not ours, as the ConfigMap <c>kube-system/kube-dns</c> says: <c>stubDomains</c>, servers by
/// domain, and <c>upstreamNameservers</c>, the servers for everything else. Both are JSON.
/// </summary>
/// <param name="Upstream">Null for the node's own.</param>
internal sealed record DnsForwards(IReadOnlyDictionary<string, IReadOnlyList<IPEndPoint>> StubDomains, IReadOnlyList<IPEndPoint>? Upstream)
{
    public const string Namespace = "kube-system";
    public const string Name = "kube-dns";
    private const int DnsPort = 53;

    /// <summary>More of one list are passed over: each is asked in turn while a client waits.</summary>
    private const int MostServers = 3;

    /// <summary>Each query looks through its own suffixes alone, but somebody has to keep them.</summary>
    private const int MostDomains = 1000;

    public static readonly DnsForwards None = new(new Dictionary<string, IReadOnlyList<IPEndPoint>>(), null);

    /// <exception cref="FormatException">It cannot be understood; the message says what.</exception>
    public static DnsForwards Parse(ConfigMap? map)
    {
        if (map is null)
        {
            return None;
        }

        try
        {
            var domains = new Dictionary<string, IReadOnlyList<IPEndPoint>>(StringComparer.Ordinal);
            if (map.Data.TryGetValue("stubDomains", out var stubs) && stubs.Length > 0)
            {
                using var parsed = JsonDocument.Parse(stubs);
                foreach (var domain in parsed.RootElement.EnumerateObject().Take(MostDomains))
                {
                    domains[domain.Name.Trim('.').ToLowerInvariant()] = Servers(domain.Value);
                }
            }

            if (!map.Data.TryGetValue("upstreamNameservers", out var upstream) || upstream.Length == 0)
            {
                return new DnsForwards(domains, null);
            }

            using var listed = JsonDocument.Parse(upstream);
            return new DnsForwards(domains, Servers(listed.RootElement));
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException)
        {
            throw new FormatException(exception.Message, exception);
        }
    }

    /// <summary>The servers of the longest domain that the name is in; null when it is in none and nothing else is said.</summary>
    public IReadOnlyList<IPEndPoint>? ServersFor(string name)
    {
        for (var suffix = name; StubDomains.Count > 0 && suffix.Length > 0;)
        {
            if (StubDomains.TryGetValue(suffix, out var servers))
            {
                return servers;
            }

            var dot = suffix.IndexOf('.', StringComparison.Ordinal);
            suffix = dot < 0 ? "" : suffix[(dot + 1)..];
        }

        return Upstream;
    }

    private static List<IPEndPoint> Servers(JsonElement list) =>
        [.. list.EnumerateArray().Take(MostServers).Select(server => Server(server.GetString() ?? ""))];

    private static IPEndPoint Server(string text) =>
        IPAddress.TryParse(text, out var address) ? new IPEndPoint(address, DnsPort)
        : IPEndPoint.TryParse(text, out var endPoint) ? endPoint
        : throw new FormatException($"\"{text}\" is not the address of a server");
}
