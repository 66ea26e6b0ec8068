using System.Net;

namespace Coxswain.Node.Files;

/// <summary>The name servers of the machine, as something that is not the machine can use them.</summary>
internal static class HostResolvConf
{
    private const string System = "/etc/resolv.conf";

    /// <summary>What systemd-resolved asks itself, when the machine's own file only names its stub on a loopback address.</summary>
    private const string BehindStub = "/run/systemd/resolve/resolv.conf";

    public static string Read() => Read(System, BehindStub);

    internal static string Read(string system, string behindStub)
    {
        var text = File.Exists(system) ? File.ReadAllText(system) : "";
        return IsStub(text) && File.Exists(behindStub) ? File.ReadAllText(behindStub) : text;
    }

    private static bool IsStub(string text)
    {
        var servers = text.Split('\n')
            .Select(line => line.Split((char[])[' ', '\t', '\r'], StringSplitOptions.RemoveEmptyEntries))
            .Where(words => words is ["nameserver", _, ..]).Select(words => words[1]).ToList();
        return servers.Count > 0 && servers.TrueForAll(server => IPAddress.TryParse(server, out var address) && IPAddress.IsLoopback(address));
    }
}
