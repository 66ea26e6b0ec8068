using Coxswain.DockerApi.Http;
using Coxswain.Engine.Local;

namespace Coxswain.DockerApi.Tests;

public class DetachKeysTests
{
    [Fact]
    public void Pass_TheKeysInTwoPieces_DetachesAndKeepsThemBack()
    {
        var keys = new DetachKeys(null);

        var first = keys.Pass([(byte)'a', 16], out var early);
        var second = keys.Pass([17, (byte)'b'], out var late);

        Assert.Equal("a"u8.ToArray(), first);
        Assert.Empty(second);
        Assert.False(early);
        Assert.True(late);
    }

    [Fact]
    public void Pass_OnlyTheFirstOfThem_LetsItThroughWithTheNext()
    {
        var keys = new DetachKeys("ctrl-p,ctrl-q");

        keys.Pass([16], out _);
        var passed = keys.Pass([(byte)'x'], out var detached);

        Assert.Equal([16, (byte)'x'], passed);
        Assert.False(detached);
    }

    [Fact]
    public void Keys_ThatAreNone_AreRefused() => Assert.Throws<LocalException>(() => new DetachKeys("ctrl-pq"));
}
