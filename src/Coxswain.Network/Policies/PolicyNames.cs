using System.Security.Cryptography;
using System.Text;

namespace Coxswain.Network.Policies;

/// <summary>The names of what stands in the policies' table.</summary>
internal static class PolicyNames
{
    /// <summary>Pod: the chain that judges what comes to it.</summary>
    public const string Incoming = "incoming-pods";

    /// <summary>Pod: the chain that judges what it sends.</summary>
    public const string Outgoing = "outgoing-pods";

    /// <summary>A policed pod's address twice: what it says to itself, by way of a Service, is never judged.</summary>
    public const string Self = "self";

    /// <summary>The sets that are always there, and their definitions.</summary>
    public static readonly IReadOnlyDictionary<string, string> Fixed = new Dictionary<string, string>(StringComparer.Ordinal)
    {
        [Incoming] = "type ipv4_addr : verdict;",
        [Outgoing] = "type ipv4_addr : verdict;",
        [Self] = "type ipv4_addr . ipv4_addr;",
    };

    /// <summary>The chains that are always there.</summary>
    public static readonly IReadOnlyList<string> BaseChains = ["outgoing", "outgoing-local", "incoming"];

    /// <summary>A name that says what it holds, so that what is held never changes under a rule that reads it.</summary>
    public static string ByContent(string prefix, IEnumerable<string> content) =>
        $"{prefix}-{Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(string.Join('\n', content))))[..24]}";
}
