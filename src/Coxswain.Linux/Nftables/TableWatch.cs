using System.Text;
using Coxswain.Linux.Links;
using Coxswain.Linux.Processes;

namespace Coxswain.Linux.Nftables;

/// <summary>
/// Hears when somebody takes rules, chains or the whole of a table away, as <c>nft flush ruleset</c> does. Belongs to the
/// network namespace of the thread that makes it. One wait at a time.
/// </summary>
public sealed class TableWatch(KernelEvents events, string tableName) : IDisposable
{
    private const uint NftablesGroup = 1 << (7 - 1); // NFNLGRP_NFTABLES
    private const int NftablesSubsystem = 10;
    private const int DeleteTable = 2;
    private const int DeleteChain = 5;
    private const int DeleteRule = 8;
    private const int GenericHeaderBytes = 4; // struct nfgenmsg
    private const int TableNameAttribute = 1; // the same for tables, chains and rules

    private readonly NetlinkSocket _socket = new(NetlinkSocket.Netfilter, NftablesGroup);

    /// <summary>
    /// Completes when something of the table was deleted, by whomever, or when so much happened at once that nobody can
    /// tell. The caller looks what is there.
    /// </summary>
    public async Task WaitForLossAsync(CancellationToken cancellationToken)
    {
        while (!ReadLoss())
        {
            await events.WaitReadableAsync(_socket.Fd, cancellationToken);
        }
    }

    public void Dispose() => _socket.Dispose();

    private bool ReadLoss()
    {
        var isLost = false;
        var isComplete = _socket.ReadEvents((type, body) =>
        {
            if (type >> 8 == NftablesSubsystem && (type & 0xff) is DeleteTable or DeleteChain or DeleteRule && body.Length > GenericHeaderBytes)
            {
                NetlinkSocket.ReadAttributes(body[GenericHeaderBytes..], (attribute, value) =>
                    isLost |= attribute == TableNameAttribute && Encoding.ASCII.GetString(value.TrimEnd((byte)0)) == tableName);
            }
        });
        return isLost || !isComplete;
    }
}
