using System.Buffers.Binary;
using Coxswain.Linux.Interop;

namespace Coxswain.Linux.Links;

/// <summary>One netlink socket: it belongs to the network namespace of the thread that opened it.</summary>
internal sealed unsafe class NetlinkSocket : IDisposable
{
    /// <summary>NETLINK_ROUTE: links, addresses and routes.</summary>
    public const int Route = 0;

    /// <summary>NETLINK_NETFILTER: nftables and connection tracking.</summary>
    public const int Netfilter = 12;

    private const int FamilyNetlink = 16;
    private const int SocketRaw = 3;
    private const int CloseOnExec = 0x80000;
    private const ushort TypeError = 2;
    private const ushort TypeDone = 3;

    private readonly int _fd;
    private readonly byte[] _buffer = new byte[64 * 1024];

    /// <param name="protocol">Which part of the kernel: 0 is NETLINK_ROUTE.</param>
    /// <param name="groups">The multicast groups to hear, as a bit mask; 0 to ask only.</param>
    public NetlinkSocket(int protocol = Route, uint groups = 0)
    {
        _fd = LibC.socket(FamilyNetlink, SocketRaw | CloseOnExec, protocol);
        if (_fd < 0)
        {
            throw new LinuxException("open a netlink socket", LibC.Errno);
        }

        if (groups != 0)
        {
            // struct sockaddr_nl; the kernel chooses the port.
            var address = stackalloc uint[3] { FamilyNetlink, 0, groups };
            if (LibC.bind(_fd, address, 3 * sizeof(uint)) != 0)
            {
                var errno = LibC.Errno;
                _ = LibC.close(_fd);
                throw new LinuxException("hear netlink events", errno);
            }
        }
    }

    public int Fd => _fd;

    /// <summary>Sends all messages at once and returns the kernel's answer to each: 0 or an error number.</summary>
    public int[] Exchange(NetlinkMessage batch)
    {
        Send(batch);
        var answers = new int[batch.Count];
        for (var open = batch.Count; open > 0;)
        {
            var received = Receive();
            for (var message = received; message.Length >= NetlinkMessage.HeaderBytes; message = Next(message))
            {
                if (TypeOf(message) == TypeError)
                {
                    answers[SequenceOf(message)] = -BinaryPrimitives.ReadInt32LittleEndian(message[16..]);
                    open--;
                }
            }
        }

        return answers;
    }

    /// <summary>Sends one dump request and hands out the body of every message of the answer.</summary>
    public void Dump(NetlinkMessage request, BodyReader read)
    {
        Send(request);
        while (true)
        {
            var received = Receive();
            for (var message = received; message.Length >= NetlinkMessage.HeaderBytes; message = Next(message))
            {
                switch (TypeOf(message))
                {
                    case TypeDone:
                        return;
                    case TypeError when BinaryPrimitives.ReadInt32LittleEndian(message[16..]) is var error and not 0:
                        throw new LinuxException("netlink dump", -error);
                    case TypeError:
                        break;
                    default:
                        read(message[NetlinkMessage.HeaderBytes..LengthOf(message)]);
                        break;
                }
            }
        }
    }

    /// <summary>
    /// Hands out every event that has come, by its type and body, and returns without waiting. False when the kernel had to
    /// drop some because nobody read them in time.
    /// </summary>
    public bool ReadEvents(EventReader read)
    {
        const int DoNotWait = 0x40;
        var isComplete = true;
        fixed (byte* bytes = _buffer)
        {
            while (true)
            {
                var count = LibC.recv(_fd, bytes, _buffer.Length, DoNotWait);
                if (count < 0)
                {
                    switch (LibC.Errno)
                    {
                        case LibC.EAGAIN:
                            return isComplete;
                        case LibC.EINTR:
                            continue;
                        case LibC.ENOBUFS:
                            isComplete = false;
                            continue;
                        default:
                            throw new LinuxException("receive from netlink", LibC.Errno);
                    }
                }

                ReadOnlySpan<byte> received = _buffer.AsSpan(0, (int)count);
                for (; received.Length >= NetlinkMessage.HeaderBytes; received = Next(received))
                {
                    read(TypeOf(received), received[NetlinkMessage.HeaderBytes..Math.Min(LengthOf(received), received.Length)]);
                }
            }
        }
    }

    public void Dispose() => _ = LibC.close(_fd);

    public delegate void EventReader(ushort type, ReadOnlySpan<byte> body);

    public delegate void BodyReader(ReadOnlySpan<byte> body);

    public delegate void AttributeReader(ushort type, ReadOnlySpan<byte> value);

    /// <summary>Walks the attributes behind the fixed part of a body, or inside a nested attribute.</summary>
    public static void ReadAttributes(ReadOnlySpan<byte> attributes, AttributeReader read)
    {
        const int NestedFlags = 0xC000;
        while (attributes.Length >= 4)
        {
            var length = BinaryPrimitives.ReadUInt16LittleEndian(attributes);
            if (length < 4 || length > attributes.Length)
            {
                return;
            }

            var type = (ushort)(BinaryPrimitives.ReadUInt16LittleEndian(attributes[2..]) & ~NestedFlags);
            read(type, attributes[4..length]);
            attributes = attributes[Math.Min((length + 3) & ~3, attributes.Length)..];
        }
    }

    private static int LengthOf(ReadOnlySpan<byte> message) => BinaryPrimitives.ReadInt32LittleEndian(message);

    private static ushort TypeOf(ReadOnlySpan<byte> message) => BinaryPrimitives.ReadUInt16LittleEndian(message[4..]);

    private static int SequenceOf(ReadOnlySpan<byte> message) => BinaryPrimitives.ReadInt32LittleEndian(message[8..]);

    private static ReadOnlySpan<byte> Next(ReadOnlySpan<byte> message) =>
        message[Math.Min((LengthOf(message) + 3) & ~3, message.Length)..];

    private void Send(NetlinkMessage batch)
    {
        // The socket's default send buffer (about 200 KB) bounds a batch to some thousands of changes.
        fixed (byte* bytes = batch.Bytes.Span)
        {
            if (LibC.send(_fd, bytes, batch.Bytes.Length, 0) != batch.Bytes.Length)
            {
                throw new LinuxException("send to netlink", LibC.Errno);
            }
        }
    }

    private ReadOnlySpan<byte> Receive()
    {
        fixed (byte* bytes = _buffer)
        {
            nint count;
            do
            {
                count = LibC.recv(_fd, bytes, _buffer.Length, 0);
            }
            while (count < 0 && LibC.Errno == LibC.EINTR);
            return count >= 0 ? _buffer.AsSpan(0, (int)count) : throw new LinuxException("receive from netlink", LibC.Errno);
        }
    }
}
