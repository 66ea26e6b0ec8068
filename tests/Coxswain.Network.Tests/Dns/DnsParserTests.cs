using System.Net;
using Coxswain.Network.Dns;
using Coxswain.Testing.Fuzzing;
using Coxswain.Testing.Time;

namespace Coxswain.Network.Tests.Dns;

public sealed class DnsParserTests
{
    private static readonly byte[] Question = DnsTestClient.Query("www.example.org", DnsType.A);

    /// <summary>Queries of clients, and answers of name servers to <see cref="Question"/>.</summary>
    private static IEnumerable<byte[]> Seeds =>
    [
        Question,
        DnsTestClient.Query("web.default.svc.cluster.local", DnsType.AAAA, edns: 1232),
        DnsTestClient.Query("_http._tcp.web.default.svc.cluster.local", DnsType.SRV),
        DnsTestClient.Query("1.0.244.10.in-addr.arpa", DnsType.PTR),
        DnsTestClient.Query(new string('a', 63) + "." + new string('b', 63), DnsType.TXT),
        DnsTestMessages.Answer(Question, DnsTestMessages.Address(300)),
        DnsTestMessages.Answer(Question, DnsTestMessages.Alias(60, "cdn"), DnsTestMessages.Address(5)),
        DnsTestMessages.Answer(DnsTestClient.Query("www.example.org", DnsType.A, edns: 4096), DnsTestMessages.Address(1), DnsTestMessages.Options),
        DnsTestMessages.Answer(Question, DnsTestMessages.Options),
        DnsTestMessages.Answer(Question),
    ];

    /// <summary>What clients and name servers send, whatever it is, is understood or refused.</summary>
    [Fact]
    public void Parse_AnyMessage_IsUnderstoodOrRefused() => Fuzzer.Run("dns", Seeds, message =>
    {
        var query = DnsQuery.Parse(message, out var refusal);
        Fuzzer.Require(query is null || refusal == DnsResponseCode.NoError, "a query that is refused too");
        if (DnsWire.Records(message) is { } records)
        {
            Fuzzer.Require(records.All(record => record.TtlOffset + 4 <= message.Length), "a record beyond the message");
        }

        var cache = new ForwardCache(new VirtualTime());
        cache.Add(Question, overTcp: false, message);
        Fuzzer.Require(cache.Find(Question, overTcp: false) is not { } found || found.Length == message.Length, "another answer");
    });

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
