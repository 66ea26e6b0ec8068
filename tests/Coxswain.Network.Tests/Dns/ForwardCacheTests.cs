using Coxswain.Network.Dns;
using Coxswain.Testing.Time;

namespace Coxswain.Network.Tests.Dns;

public sealed class ForwardCacheTests
{
    private static readonly byte[] Question = DnsTestClient.Query("www.example.org", DnsType.A);

    private readonly ForwardCache _cache = new(new VirtualTime());

    [Fact]
    public void Add_MoreThanItHolds_StaysWithinItsBound()
    {
        for (var i = 0; i <= ForwardCache.MostEntries; i++)
        {
            var query = DnsTestClient.Query($"host-{i}.example.org", DnsType.A);
            _cache.Add(query, overTcp: false, DnsTestMessages.Answer(query, DnsTestMessages.Address(60)));
            Assert.InRange(_cache.Count, 1, ForwardCache.MostEntries);
        }
    }

    [Theory]
    [InlineData(3000, true)]
    [InlineData(ForwardCache.MostAnswerBytes, false)]
    [InlineData(60_000, false)]
    public void Add_LongAnswer_IsNotKept(int length, bool isKept)
    {
        _cache.Add(Question, overTcp: true, DnsTestMessages.Answer(Question, DnsTestMessages.Text(60, length)));

        Assert.Equal(isKept, _cache.Find(Question, overTcp: true) is not null);
    }

    [Fact]
    public void Add_LongQuery_IsNotKept()
    {
        byte[] query = [.. Question, .. new byte[ForwardCache.MostQueryBytes]];

        _cache.Add(query, overTcp: true, DnsTestMessages.Answer(Question, DnsTestMessages.Address(60)));

        Assert.Equal(0, _cache.Count);
    }

    [Fact]
    public void Add_AnswerOfOptionsAlone_IsNotKept()
    {
        _cache.Add(Question, overTcp: false, DnsTestMessages.Answer(Question, DnsTestMessages.Options));

        Assert.Equal(0, _cache.Count);
    }
}
