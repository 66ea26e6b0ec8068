using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using System.Text;
using Coxswain.Network.Dns;

namespace Coxswain.Network.Tests.Dns;

/// <summary>Writes queries and reads answers with a decoder of its own, so that the server's is not tested against itself.</summary>
internal static class DnsTestClient
{
    public static byte[] Query(string name, DnsType type, ushort id = 7, int edns = 0)
    {
        var bytes = new List<byte> { (byte)(id >> 8), (byte)id, 1, 0, 0, 1, 0, 0, 0, 0, 0, (byte)(edns > 0 ? 1 : 0) };
        foreach (var label in name.Split('.'))
        {
            bytes.Add((byte)label.Length);
            bytes.AddRange(Encoding.ASCII.GetBytes(label));
        }

        bytes.AddRange([0, (byte)((int)type >> 8), (byte)type, 0, 1]);
        return edns > 0 ? [.. bytes, 0, 0, 41, (byte)(edns >> 8), (byte)edns, 0, 0, 0, 0, 0, 0] : [.. bytes];
    }

    public static async Task<DnsTestAnswer> AskAsync(IPEndPoint server, byte[] query)
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
        using var timeout = new CancellationTokenSource(TimeSpan.FromSeconds(10));
        await socket.ConnectAsync(server, timeout.Token);
        await socket.SendAsync(query, timeout.Token);
        var buffer = new byte[65535];
        return DnsTestAnswer.Read(buffer[..await socket.ReceiveAsync(buffer, timeout.Token)]);
    }

    public static async Task<DnsTestAnswer> AskTcpAsync(IPEndPoint server, byte[] query)
    {
        using var client = new TcpClient();
        using var timeout = new CancellationTokenSource(TimeSpan.FromSeconds(10));
        await client.ConnectAsync(server, timeout.Token);
        var stream = client.GetStream();
        await stream.WriteAsync((byte[])[(byte)(query.Length >> 8), (byte)query.Length, .. query], timeout.Token);
        var prefix = new byte[2];
        await stream.ReadExactlyAsync(prefix, timeout.Token);
        var message = new byte[BinaryPrimitives.ReadUInt16BigEndian(prefix)];
        await stream.ReadExactlyAsync(message, timeout.Token);
        return DnsTestAnswer.Read(message);
    }
}

/// <param name="Question">In the case it came back in.</param>
/// <param name="Answers">As <c>name TYPE data</c>.</param>
/// <param name="Authority">The types alone.</param>
internal sealed record DnsTestAnswer(
    int Id, int Code, bool IsTruncated, string Question, IReadOnlyList<string> Answers, IReadOnlyList<DnsType> Authority,
    IReadOnlyList<string> Additional)
{
    public static DnsTestAnswer Read(byte[] message)
    {
        var offset = 12;
        var question = Name(message, ref offset);
        offset += 4;
        var sections = new List<string>[3];
        var authority = new List<DnsType>();
        for (var section = 0; section < 3; section++)
        {
            sections[section] = [];
            for (var count = Number(message, 6 + (2 * section)); count > 0; count--)
            {
                var name = Name(message, ref offset);
                var type = (DnsType)Number(message, offset);
                var length = Number(message, offset + 8);
                offset += 10;
                sections[section].Add($"{name} {type} {Data(message, type, offset, length)}");
                offset += length;
                if (section == 1)
                {
                    authority.Add(type);
                }
            }
        }

        Assert.Equal(message.Length, offset);
        return new DnsTestAnswer(
            Number(message, 0), message[3] & 15, (message[2] & 2) != 0, question, sections[0], authority, sections[2]);
    }

    private static string Data(byte[] message, DnsType type, int offset, int length)
    {
        switch (type)
        {
            case DnsType.A or DnsType.AAAA:
                return new IPAddress(message.AsSpan(offset, length)).ToString();
            case DnsType.CNAME or DnsType.PTR or DnsType.NS:
                return Name(message, ref offset);
            case DnsType.SRV:
                var target = offset + 6;
                return $"{Number(message, offset + 4)} {Name(message, ref target)}";
            case DnsType.TXT:
                return Encoding.ASCII.GetString(message, offset + 1, message[offset]);
            default:
                return "";
        }
    }

    private static string Name(byte[] message, ref int offset)
    {
        var labels = new List<string>();
        var position = offset;
        var hasJumped = false;
        while (message[position] != 0)
        {
            if (message[position] >= 0xC0)
            {
                var target = Number(message, position) & 0x3FFF;
                Assert.True(target < position, "a pointer goes backwards");
                offset = hasJumped ? offset : position + 2;
                hasJumped = true;
                position = target;
                continue;
            }

            labels.Add(Encoding.ASCII.GetString(message, position + 1, message[position]));
            position += 1 + message[position];
        }

        offset = hasJumped ? offset : position + 1;
        return string.Join('.', labels);
    }

    private static int Number(byte[] message, int offset) => BinaryPrimitives.ReadUInt16BigEndian(message.AsSpan(offset));
}
