using Coxswain.Linux.Processes;

namespace Coxswain.Engine.Networks;

/// <summary>
/// Looks for a chain of somebody else's that drops what is forwarded unless it says otherwise, as Docker makes one. No rule of ours
/// can overrule it, so it can only be said.
/// </summary>
internal sealed class ForwardPolicy(IProcessRunner processes)
{
    private const string LegacyTables = "/proc/net/ip_tables_names";

    /// <summary>Null when nothing of the kind is there; otherwise a sentence for people.</summary>
    public async Task<string?> FindObstacleAsync(CancellationToken cancellationToken)
    {
        var listed = await processes.RunAsync(new ProcessSpec("nft", "list", "chains"), cancellationToken);
        if (FindDropping(listed.Output) is { } chain)
        {
            return $"chain {chain} drops forwarded packets by default";
        }

        if (!File.Exists(LegacyTables) || !File.ReadLines(LegacyTables).Contains("filter"))
        {
            return null;
        }

        try
        {
            var legacy = await processes.RunAsync(new ProcessSpec("iptables-legacy", "-S", "FORWARD"), cancellationToken);
            return legacy.Output.Contains("-P FORWARD DROP", StringComparison.Ordinal)
                ? "chain FORWARD of iptables-legacy drops forwarded packets by default"
                : null;
        }
        catch (ProcessFailedException)
        {
            // Tables of a tool that is not here cannot be listed.
            return null;
        }
    }

    /// <summary>Reads what <c>nft list chains</c> prints: the first base chain of IPv4 forwarding with the policy drop.</summary>
    internal static string? FindDropping(string listing)
    {
        string table = "", chain = "";
        foreach (var line in listing.Split('\n').Select(line => line.Trim()))
        {
            if (line.StartsWith("table ", StringComparison.Ordinal))
            {
                table = line["table ".Length..].TrimEnd('{', ' ');
            }
            else if (line.StartsWith("chain ", StringComparison.Ordinal))
            {
                chain = line["chain ".Length..].TrimEnd('{', ' ');
            }
            else if (line.Contains("hook forward", StringComparison.Ordinal) && line.Contains("policy drop", StringComparison.Ordinal)
                && (table.StartsWith("ip ", StringComparison.Ordinal) || table.StartsWith("inet ", StringComparison.Ordinal)))
            {
                return $"{chain} of table {table}";
            }
        }

        return null;
    }
}
