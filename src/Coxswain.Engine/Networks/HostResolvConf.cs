using System.Net;

namespace Coxswain.Engine.Networks;

/// <summary>The name servers of the machine, as something that is not the machine can use them.</summary>
public static class HostResolvConf
{
    private const string System = "/etc/resolv.conf";

    /// <summary>What systemd-resolved asks itself, when the machine's own file only names its stub on a loopback address.</summary>
    private const string BehindStub = "/run/systemd/resolve/resolv.conf";

    /// <summary>A resolver configuration that holds good also on another network than the machine's own.</summary>
    public static string Read() => Read(System, BehindStub);

    /// <summary>The machine's own file as it is, for what shares its network.</summary>
    public static string ReadOwn() => ReadIfPresent(System);

    internal static string Read(string system, string behindStub)
    {
        var text = ReadIfPresent(system);
        return IsStub(text) && File.Exists(behindStub) ? File.ReadAllText(behindStub) : text;
    }

    private static string ReadIfPresent(string path) => File.Exists(path) ? File.ReadAllText(path) : "";

    private static bool IsStub(string text)
    {
        var servers = text.Split('\n')
            .Select(line => line.Split((char[])[' ', '\t', '\r'], StringSplitOptions.RemoveEmptyEntries))
            .Where(words => words is ["nameserver", _, ..]).Select(words => words[1]).ToList();
        return servers.Count > 0 && servers.TrueForAll(server => IPAddress.TryParse(server, out var address) && IPAddress.IsLoopback(address));
    }
}
