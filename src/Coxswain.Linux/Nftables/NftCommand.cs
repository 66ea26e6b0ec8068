using System.Text;
using Coxswain.Linux.Processes;

namespace Coxswain.Linux.Nftables;

/// <summary>Runs <c>nft</c>, which sends a whole script to the kernel as one transaction.</summary>
public sealed class NftCommand(IProcessRunner processes, string tableName) : INftables
{
    public string TableName { get; } = tableName;

    public async Task ApplyAsync(string script, CancellationToken cancellationToken) =>
        await processes.RunAsync(
            new ProcessSpec("nft", "-f", "-") { Input = Encoding.UTF8.GetBytes(script) }, cancellationToken);

    public async Task<string> ListAsync(CancellationToken cancellationToken, bool terse = false)
    {
        try
        {
            var result = await processes.RunAsync(new ProcessSpec("nft", [.. terse ? (string[])["-t"] : [], "list", "table", "inet", TableName]), cancellationToken);
            return result.Output;
        }
        catch (ProcessFailedException exception) when (exception.ErrorTail.Contains("No such file", StringComparison.Ordinal))
        {
            return "";
        }
    }

    // Adding what may be there already, and then deleting it, is how nft says "delete if it exists".
    public Task DeleteTableAsync(CancellationToken cancellationToken) =>
        ApplyAsync($"add table inet {TableName}\ndelete table inet {TableName}\n", cancellationToken);
}
