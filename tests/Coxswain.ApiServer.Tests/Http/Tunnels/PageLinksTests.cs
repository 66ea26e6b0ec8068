using Coxswain.ApiServer.Http.Tunnels;

namespace Coxswain.ApiServer.Tests.Http.Tunnels;

public sealed class PageLinksTests
{
    [Theory]
    [InlineData("""<a href="/x">x</a>""", """<a href="/p/x">x</a>""")]
    [InlineData("<a href=/x>x</a>", """<a href="/p/x">x</a>""")]
    [InlineData("<A class='b' HREF = '/x?a=1&amp;b=2' >x</A>", """<A class='b' HREF = "/p/x?a=1&amp;b=2" >x</A>""")]
    [InlineData("""<img alt="a > b" src="/i.png"><img src="i.png">""", """<img alt="a > b" src="/p/i.png"><img src="i.png">""")]
    [InlineData("""<form action="/f" method="/f">""", """<form action="/p/f" method="/f">""")]
    [InlineData("""<div href="/x">""", """<div href="/x">""")]
    [InlineData("""<!-- <a href="/x"> --><a data-href="/x">""", """<!-- <a href="/x"> --><a data-href="/x">""")]
    [InlineData("""<script src="/s.js">var a = '<a href="/x">';</script>""", """<script src="/p/s.js">var a = '<a href="/x">';</script>""")]
    [InlineData("1 < 2 <a href=\"/x", "1 < 2 <a href=\"/x")]
    [InlineData("""<a title="href=/x" href="/y">""", """<a title="href=/x" href="/p/y">""")]
    public void Rewrite_Page_ChangesLinksAlone(string page, string expected) =>
        Assert.Equal(expected, PageLinks.Rewrite(page, link => link.StartsWith('/') ? "/p" + link : link));

    [Fact]
    public void Rewrite_HostilePage_TakesTimeByItsLength()
    {
        var page = string.Concat(Enumerable.Repeat("<a href='", 100_000)) + string.Concat(Enumerable.Repeat("<!", 100_000));

        Assert.Equal(page, PageLinks.Rewrite(page, link => link));
    }
}
