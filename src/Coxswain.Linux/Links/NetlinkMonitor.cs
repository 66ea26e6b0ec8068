using System.Buffers.Binary;
using Coxswain.Linux.Interop;
using Coxswain.Linux.Processes;

namespace Coxswain.Linux.Links;

/// <param name="Links">The indexes of devices that changed, went, or lost an address.</param>
/// <param name="Routes">A route went.</param>
/// <param name="Rules">A table, chain or rule of nftables went.</param>
public sealed record NetworkChange(IReadOnlySet<int> Links, bool Routes, bool Rules);

/// <summary>Hears from the kernel when something of the machine's network is changed or taken away, by whomever.</summary>
public sealed class NetlinkMonitor : IDisposable
{
    private const int FamilyNetlink = 16;
    private const int RawNonBlocking = 3 | 0x80000 | 0x800;
    private const int RouteProtocol = 0;
    private const int NetfilterProtocol = 12;
    private const uint LinkAddressAndRouteGroups = 1 | 0x10 | 0x40;
    private const uint NftablesGroup = 1 << 6;
    private const int NftablesSubsystem = 10 << 8;
    private const int ENOBUFS = 105;

    private readonly KernelEvents _events;
    private readonly int _routes;
    private readonly int _rules;
    private readonly byte[] _buffer = new byte[64 * 1024];

    /// <summary>From here on nothing is missed, whenever it is asked for.</summary>
    public NetlinkMonitor(KernelEvents events)
    {
        _events = events;
        _routes = Open(RouteProtocol, LinkAddressAndRouteGroups);
        try
        {
            _rules = Open(NetfilterProtocol, NftablesGroup);
        }
        catch
        {
            _ = LibC.close(_routes);
            throw;
        }
    }

    /// <summary>Completes when something happened, with everything that happened since the last time.</summary>
    /// <returns>Null when there was too much: anything may have changed.</returns>
    public async Task<NetworkChange?> WaitAsync(CancellationToken cancellationToken)
    {
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var waits = new[] { _events.WaitReadableAsync(_routes, either.Token), _events.WaitReadableAsync(_rules, either.Token) };
        await Task.WhenAny(waits);
        await either.CancelAsync();
        await Task.WhenAll(waits).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        cancellationToken.ThrowIfCancellationRequested();
        return Read();
    }

    public void Dispose()
    {
        _ = LibC.close(_routes);
        _ = LibC.close(_rules);
    }

    private static unsafe int Open(int protocol, uint groups)
    {
        var fd = LibC.socket(FamilyNetlink, RawNonBlocking, protocol);
        if (fd < 0)
        {
            throw new LinuxException("open a netlink socket", LibC.Errno);
        }

        // struct sockaddr_nl
        var address = stackalloc byte[12];
        BinaryPrimitives.WriteUInt16LittleEndian(new Span<byte>(address, 2), FamilyNetlink);
        BinaryPrimitives.WriteUInt32LittleEndian(new Span<byte>(address + 8, 4), groups);
        if (LibC.bind(fd, address, 12u) != 0)
        {
            var errno = LibC.Errno;
            _ = LibC.close(fd);
            throw new LinuxException("listen to the kernel's network events", errno);
        }

        return fd;
    }

    private NetworkChange? Read()
    {
        var links = new HashSet<int>();
        bool routes = false, rules = false;
        var whole = Drain(_routes, (type, body) =>
        {
            if (type is Rtnetlink.NewLink or Rtnetlink.DeleteLink or Rtnetlink.DeleteAddress && body.Length >= 8)
            {
                // ifinfomsg and ifaddrmsg both have the index there.
                links.Add(BinaryPrimitives.ReadInt32LittleEndian(body[4..]));
            }

            routes |= type == Rtnetlink.DeleteRoute;
        });
        const int DeleteTable = 2, DeleteChain = 5, DeleteRule = 8;
        whole &= Drain(_rules, (type, _) =>
            rules |= type is NftablesSubsystem + DeleteTable or NftablesSubsystem + DeleteChain or NftablesSubsystem + DeleteRule);
        return whole ? new NetworkChange(links, routes, rules) : null;
    }

    private unsafe bool Drain(int fd, MessageReader read)
    {
        var whole = true;
        fixed (byte* bytes = _buffer)
        {
            while (true)
            {
                var count = LibC.recv(fd, bytes, _buffer.Length, 0);
                if (count < 0)
                {
                    var errno = LibC.Errno;
                    switch (errno)
                    {
                        case LibC.EINTR:
                            continue;
                        case ENOBUFS:
                            whole = false;
                            continue;
                        case LibC.EAGAIN:
                            return whole;
                        default:
                            throw new LinuxException("receive from netlink", errno);
                    }
                }

                var rest = _buffer.AsSpan(0, (int)count);
                while (rest.Length >= NetlinkMessage.HeaderBytes)
                {
                    var length = Math.Clamp(BinaryPrimitives.ReadInt32LittleEndian(rest), NetlinkMessage.HeaderBytes, rest.Length);
                    read(BinaryPrimitives.ReadUInt16LittleEndian(rest[4..]), rest[NetlinkMessage.HeaderBytes..length]);
                    rest = rest[Math.Min((length + 3) & ~3, rest.Length)..];
                }
            }
        }
    }

    private delegate void MessageReader(int type, ReadOnlySpan<byte> body);
}
