using System.Text;
using Coxswain.Network.Dns;

namespace Coxswain.Network.Tests.Dns;

/// <summary>Answers as other name servers write them.</summary>
internal static class DnsTestMessages
{
    /// <summary>EDNS, which has no time to live.</summary>
    public static byte[] Options => [0, 0, 41, 0x10, 0, 0, 0, 0, 0, 0, 0];

    public static byte[] Address(int timeToLive) => [.. Head(DnsType.A, timeToLive, 4), 192, 0, 2, 1];

    public static byte[] Text(int timeToLive, int length) => [.. Head(DnsType.TXT, timeToLive, length), .. new byte[length]];

    /// <summary>One label below the question's second, as a pointer.</summary>
    public static byte[] Alias(int timeToLive, string label) =>
        [.. Head(DnsType.CNAME, timeToLive, label.Length + 3), (byte)label.Length, .. Encoding.ASCII.GetBytes(label), 0xC0, 16];

    /// <summary>To a query without EDNS, or one whose options are left out.</summary>
    public static byte[] Answer(byte[] query, params byte[][] records)
    {
        var end = 12;
        while (query[end] != 0)
        {
            end += query[end] + 1;
        }

        byte[] message = [.. query[..(end + 5)], .. records.SelectMany(record => record)];
        (message[2], message[3]) = (0x81, 0x80);
        (message[6], message[7], message[10], message[11]) = ((byte)(records.Length >> 8), (byte)records.Length, 0, 0);
        return message;
    }

    private static byte[] Head(DnsType type, int timeToLive, int length) =>
    [
        0xC0, 12, (byte)((int)type >> 8), (byte)type, 0, 1,
        (byte)(timeToLive >> 24), (byte)(timeToLive >> 16), (byte)(timeToLive >> 8), (byte)timeToLive, (byte)(length >> 8), (byte)length,
    ];
}
