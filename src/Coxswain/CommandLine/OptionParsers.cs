using System.CommandLine.Parsing;
using System.Net;
using System.Net.Sockets;
using System.Text.RegularExpressions;

namespace Coxswain.CommandLine;

/// <summary>Reads the values of options, and says of a wrong one what it should have been.</summary>
internal static partial class OptionParsers
{
    /// <summary>What the engine takes as the name of its bridge.</summary>
    private const int LongestDeviceName = 10;

    /// <summary>A node's name is the value of its label <c>kubernetes.io/hostname</c>.</summary>
    private const int LongestNodeName = 63;

    /// <summary>Room for the addresses a cluster needs at least: the API's, that of DNS (the tenth) and some of its users.</summary>
    private const int LongestPrefix = 27;

    public static int? Port(ArgumentResult result) =>
        int.TryParse(Text(result), out var port) && port is > 0 and <= IPEndPoint.MaxPort
            ? port
            : Refuse<int?>(result, $"a port is a number from 1 to {IPEndPoint.MaxPort}");

    public static string? Network(ArgumentResult result)
    {
        if (!IPNetwork.TryParse(Text(result), out var network) || network.BaseAddress.AddressFamily != AddressFamily.InterNetwork)
        {
            return Refuse<string>(result, "a range is an IPv4 network with its length, such as 10.244.0.0/16");
        }

        return network.PrefixLength is >= 8 and <= LongestPrefix
            ? network.ToString()
            : Refuse<string>(result, $"a range has a length from /8 to /{LongestPrefix}");
    }

    /// <summary>A range that may be as small as one address.</summary>
    public static string? Pool(ArgumentResult result) =>
        IPNetwork.TryParse(Text(result), out var network) && network.BaseAddress.AddressFamily == AddressFamily.InterNetwork && network.PrefixLength >= 8
            ? network.ToString()
            : Refuse<string>(result, "a pool is an IPv4 network with its length, such as 192.168.7.224/28");

    public static string? Device(ArgumentResult result) =>
        Text(result) is { Length: <= LongestDeviceName } text && DeviceName().IsMatch(text)
            ? text
            : Refuse<string>(result, $"a device's name has at most {LongestDeviceName} letters, digits, '-', '_' and begins with a letter");

    public static string? ContextName(ArgumentResult result) =>
        Text(result) is { Length: <= 63 } text && Label().IsMatch(text)
            ? text
            : Refuse<string>(result, "a name has at most 63 lower-case letters, digits and '-'");

    public static string? NodeName(ArgumentResult result) =>
        IsNodeName(Text(result))
            ? Text(result)
            : Refuse<string>(result, $"a node's name has at most {LongestNodeName} lower-case letters, digits, '-' and '.'");

    public static bool IsNodeName(string text) => text.Length <= LongestNodeName && Subdomain().IsMatch(text);

    public static string[] Addresses(ArgumentResult result)
    {
        var texts = result.Tokens.Select(token => token.Value).ToArray();
        return Array.Find(texts, text => !IPAddress.TryParse(text, out _)) is { } wrong
            ? Refuse<string[]>(result, $"{wrong} is not an IP address", names: false) ?? []
            : texts;
    }

    private static string Text(ArgumentResult result) => result.Tokens.Count > 0 ? result.Tokens[^1].Value : "";

    private static T? Refuse<T>(ArgumentResult result, string reason, bool names = true)
    {
        var option = (result.Parent as OptionResult)?.Option.Name ?? result.Argument.Name;
        result.AddError(names ? $"{option} {Text(result)}: {reason}" : $"{option}: {reason}");
        return default;
    }

    [GeneratedRegex("^[A-Za-z][A-Za-z0-9_-]*$")]
    private static partial Regex DeviceName();

    [GeneratedRegex("^[a-z0-9]([a-z0-9-]*[a-z0-9])?$")]
    private static partial Regex Label();

    [GeneratedRegex(@"^[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*$")]
    private static partial Regex Subdomain();
}
