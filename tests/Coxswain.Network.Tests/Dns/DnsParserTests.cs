using System.Net;
using Coxswain.Network.Dns;

namespace Coxswain.Network.Tests.Dns;

public sealed class DnsParserTests
{
    [Fact]
    public void Parse_RandomBytes_NeverThrows()
    {
        var random = new Random(11);
        for (var i = 0; i < 100_000; i++)
        {
            var message = new byte[random.Next(64)];
            random.NextBytes(message);
            if (message.Length > 5)
            {
                message[2] &= 0x01;
                (message[4], message[5]) = (0, 1);
            }

            var query = DnsQuery.Parse(message, out var refusal);
            Assert.True(query is null || refusal == DnsResponseCode.NoError);
            DnsWire.Records(message);
        }
    }

    [Fact]
    public void Parse_PointerToItself_IsAFormatError()
    {
        byte[] message = [0, 1, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0xC0, 12, 0, 1, 0, 1];

        Assert.Null(DnsQuery.Parse(message, out var refusal));
        Assert.Equal(DnsResponseCode.FormatError, refusal);
    }

    [Fact]
    public void Nameservers_OfResolvConf_LeavesOutOurselvesAndComments()
    {
        const string text = "search x\n# nameserver 9.9.9.9\nnameserver 10.96.0.10\nnameserver 192.0.2.53 # home\nnameserver\nnameserver ::1\n";

        Assert.Equal(
            [new IPEndPoint(IPAddress.Parse("192.0.2.53"), 53), new IPEndPoint(IPAddress.IPv6Loopback, 53)],
            ResolvConf.Nameservers(text, IPAddress.Parse("10.96.0.10")));
    }
}
