using System.Buffers.Binary;
using System.Net;
using Coxswain.Linux.Links;

namespace Coxswain.Linux.Conntrack;

/// <summary>A flow of datagrams that the kernel remembers, with the translation it was given at its first packet.</summary>
/// <param name="Destination">Where the client sends to.</param>
/// <param name="Answerer">Who answers: where the kernel sends the flow on to.</param>
/// <param name="Tuple">The kernel's own name of the flow.</param>
public sealed record DatagramFlow(IPEndPoint Destination, IPEndPoint Answerer, ReadOnlyMemory<byte> Tuple);

/// <summary>
/// The kernel's connection tracking. A flow of datagrams keeps its first translation for as long as packets come, whatever
/// became of the rules: whoever changes where a Service's datagrams go must have the old flows forgotten.
/// </summary>
/// <remarks>Belongs to the network namespace of the thread that makes it. Not safe for concurrent use.</remarks>
public sealed class ConntrackTable : IDisposable
{
    private const ushort Subsystem = 1 << 8;
    private const ushort Get = Subsystem | 1;
    private const ushort Delete = Subsystem | 2;
    private const int GenericHeaderBytes = 4; // struct nfgenmsg
    private const byte FamilyIPv4 = 2;
    private const byte Udp = 17;
    private const int NoSuchEntry = 2;

    private readonly NetlinkSocket _socket = new(NetlinkSocket.Netfilter);

    /// <summary>The IPv4 flows of UDP.</summary>
    /// <exception cref="LinuxException">The kernel has no connection tracking that can be asked.</exception>
    public IReadOnlyList<DatagramFlow> ListUdp()
    {
        var request = new NetlinkMessage().Begin(Get, NetlinkFlags.Request | NetlinkFlags.Dump).Raw(FamilyIPv4, 0, 0, 0);
        request.End();
        var flows = new List<DatagramFlow>();
        _socket.Dump(request, body =>
        {
            if (body.Length > GenericHeaderBytes && Read(body[GenericHeaderBytes..]) is { } flow)
            {
                flows.Add(flow);
            }
        });
        return flows;
    }

    /// <summary>Forgets flows; the next packet of each is translated anew. Those that are gone already do not matter.</summary>
    public void Forget(IEnumerable<DatagramFlow> flows)
    {
        const int BatchSize = 256;
        foreach (var some in flows.Chunk(BatchSize))
        {
            var batch = new NetlinkMessage();
            foreach (var flow in some)
            {
                batch.Begin(Delete, NetlinkFlags.Request | NetlinkFlags.Ack).Raw(FamilyIPv4, 0, 0, 0)
                    .Attribute(TupleAttribute.Original | TupleAttribute.Nested, flow.Tuple.Span).End();
            }

            if (Array.Find(_socket.Exchange(batch), answer => answer is not (0 or NoSuchEntry)) is > 0 and var error)
            {
                throw new LinuxException("forget tracked connections", error);
            }
        }
    }

    public void Dispose() => _socket.Dispose();

    private static DatagramFlow? Read(ReadOnlySpan<byte> attributes)
    {
        byte[]? original = null;
        IPEndPoint? destination = null;
        IPEndPoint? answerer = null;
        NetlinkSocket.ReadAttributes(attributes, (type, value) =>
        {
            switch (type)
            {
                case TupleAttribute.Original:
                    original = value.ToArray();
                    destination = EndPoint(value, ofSource: false);
                    break;
                case TupleAttribute.Reply:
                    answerer = EndPoint(value, ofSource: true);
                    break;
            }
        });
        return original is not null && destination is not null && answerer is not null ? new DatagramFlow(destination, answerer, original) : null;
    }

    /// <summary>One end of a tuple; null when it is not of IPv4 and UDP.</summary>
    private static IPEndPoint? EndPoint(ReadOnlySpan<byte> tuple, bool ofSource)
    {
        IPAddress? address = null;
        int? port = null;
        var isUdp = false;
        NetlinkSocket.ReadAttributes(tuple, (type, value) =>
        {
            if (type == TupleAttribute.Address)
            {
                NetlinkSocket.ReadAttributes(value, (part, content) =>
                    address = part == (ofSource ? 1 : 2) && content.Length == 4 ? new IPAddress(content) : address);
            }
            else if (type == TupleAttribute.Protocol)
            {
                NetlinkSocket.ReadAttributes(value, (part, content) =>
                {
                    isUdp |= part == 1 && content.Length > 0 && content[0] == Udp;
                    port = part == (ofSource ? 2 : 3) && content.Length >= 2 ? BinaryPrimitives.ReadUInt16BigEndian(content) : port;
                });
            }
        });
        return isUdp && address is not null && port is { } number ? new IPEndPoint(address, number) : null;
    }

    private static class TupleAttribute
    {
        public const ushort Original = 1;
        public const ushort Reply = 2;
        public const ushort Address = 1;
        public const ushort Protocol = 2;
        public const ushort Nested = 0x8000;
    }
}
