namespace Coxswain.Linux.Nftables;

/// <summary>One table of family inet that is wholly ours. Nothing outside it is ever read or changed.</summary>
public interface INftables
{
    /// <summary>The table's name, e.g. <c>coxswain</c>; scripts write <c>inet &lt;TableName&gt;</c>.</summary>
    string TableName { get; }

    /// <summary>Applies a script in nft's own language as one transaction: all of it or nothing.</summary>
    /// <exception cref="LinuxException">The kernel or nft refused it; nothing changed.</exception>
    Task ApplyAsync(string script, CancellationToken cancellationToken);

    /// <summary>The table as nft prints it; empty when it does not exist. For tests and status.</summary>
    /// <param name="terse">Without the elements of sets and maps, so that it costs the same however many there are.</param>
    Task<string> ListAsync(CancellationToken cancellationToken, bool terse = false);

    /// <summary>Deletes the table and all it holds, if it exists.</summary>
    Task DeleteTableAsync(CancellationToken cancellationToken);
}
