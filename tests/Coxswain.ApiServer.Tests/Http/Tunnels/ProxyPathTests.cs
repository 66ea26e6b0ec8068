using System.Net;
using Coxswain.ApiServer.Http.Tunnels;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace Coxswain.ApiServer.Tests.Http.Tunnels;

public sealed class ProxyPathTests
{
    private const string Prefix = "/api/v1/namespaces/n/pods/web:80/proxy";

    [Theory]
    [InlineData(Prefix, true, Prefix, "", "")]
    [InlineData(Prefix + "/", true, Prefix, "/", "")]
    [InlineData(Prefix + "/a%2Fb//c/?q=%20", true, Prefix, "/a%2Fb//c/", "?q=%20")]
    [InlineData("/api/v1/nodes/n/proxy/metrics", false, "/api/v1/nodes/n/proxy", "/metrics", "")]
    public void Of_ARequest_KeepsWhatTheClientWrote(string target, bool isNamespaced, string prefix, string rest, string query)
    {
        var context = new DefaultHttpContext();
        context.Features.GetRequiredFeature<IHttpRequestFeature>().RawTarget = target;
        Assert.Equal(new ProxyPath(prefix, rest, query), ProxyPath.Of(context, isNamespaced));
    }

    [Theory]
    [InlineData("/login", Prefix + "/login")]
    [InlineData("/login?next=%2F#top", Prefix + "/login?next=%2F#top")]
    [InlineData("http://10.0.0.1:80/login", Prefix + "/login")]
    [InlineData("http://10.0.0.1/login/", Prefix + "/login/")]
    [InlineData("https://api:6443/login", Prefix + "/login")]
    [InlineData("http://elsewhere/login", "http://elsewhere/login")]
    [InlineData("//elsewhere/login", "//elsewhere/login")]
    [InlineData("next", "next")]
    [InlineData("mailto:a@b", "mailto:a@b")]
    [InlineData(Prefix + "/login", Prefix + "/login")]
    public void Rewrite_ALink_LeadsThroughTheProxy(string link, string expected) =>
        Assert.Equal(expected, new ProxyPath(Prefix, "/", "").Rewrite(link, new Uri("http://10.0.0.1/"), "api:6443"));

    [Theory]
    [InlineData("127.0.0.1", false)]
    [InlineData("127.1.2.3", false)]
    [InlineData("0.0.0.0", false)]
    [InlineData("169.254.169.254", false)]
    [InlineData("224.0.0.1", false)]
    [InlineData("::1", false)]
    [InlineData("::ffff:127.0.0.1", false)]
    [InlineData("fe80::1", false)]
    [InlineData("ff02::1", false)]
    [InlineData("10.244.0.3", true)]
    [InlineData("fd00::3", true)]
    public void IsAllowed_OnlyWhatIsNoneOfTheServersOwn(string address, bool isAllowed) =>
        Assert.Equal(isAllowed, ProxyAddress.IsAllowed(IPAddress.Parse(address)));

    [Theory]
    [InlineData("web", "", "web", "")]
    [InlineData("web:80", "", "web", "80")]
    [InlineData("https:web:ui", "https", "web", "ui")]
    [InlineData("https:web:", "https", "web", "")]
    public void TryParse_AName_HasItsParts(string text, string scheme, string name, string port) =>
        Assert.Equal(new SchemeNamePort(scheme, name, port), SchemeNamePort.TryParse(text));

    [Theory]
    [InlineData("")]
    [InlineData("ftp:web:80")]
    [InlineData("a:b:c:d")]
    public void TryParse_NoName_IsNull(string text) => Assert.Null(SchemeNamePort.TryParse(text));
}
