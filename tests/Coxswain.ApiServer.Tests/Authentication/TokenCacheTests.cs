using Coxswain.ApiServer.Authentication;

namespace Coxswain.ApiServer.Tests.Authentication;

public sealed class TokenCacheTests
{
    private static readonly TokenClaims Claims = new("", new TokenSubject("n", "a", "u"), [], DateTimeOffset.UnixEpoch, DateTimeOffset.UnixEpoch);

    [Fact]
    public void Add_BeyondItsCapacity_ForgetsWhatNobodyAsksFor()
    {
        var cache = new TokenCache(capacity: 10);
        cache.Add("asked", Claims);
        for (var i = 0; i < 1000; i++)
        {
            cache.Add($"{i}", Claims);
            Assert.NotNull(cache.Find("asked"));
        }

        Assert.InRange(cache.Count, 2, 20);
        Assert.Null(cache.Find("0"));
    }

    [Fact]
    public void Remove_OfAToken_ForgetsIt()
    {
        var cache = new TokenCache(capacity: 1);
        cache.Add("a", Claims);
        cache.Add("b", Claims);
        cache.Remove("a");
        Assert.Null(cache.Find("a"));
        Assert.NotNull(cache.Find("b"));
    }
}
