using System.Net;

namespace Coxswain.Network.Dns;

/// <summary>Reads the nameservers of a resolv.conf.</summary>
internal static class ResolvConf
{
    private const int MostServers = 3;

    /// <param name="ourselves">Left out: a query must not come back to us.</param>
    public static IReadOnlyList<IPEndPoint> Nameservers(string text, IPAddress ourselves) =>
        [
            .. text.Split('\n')
                .Select(line => line.Split('#', ';')[0].Split((char[])[' ', '\t', '\r'], StringSplitOptions.RemoveEmptyEntries))
                .Where(words => words.Length >= 2 && words[0] == "nameserver")
                .Select(words => IPAddress.TryParse(words[1], out var address) ? address : ourselves)
                .Where(address => !address.Equals(ourselves))
                .Take(MostServers)
                .Select(address => new IPEndPoint(address, 53)),
        ];
}
