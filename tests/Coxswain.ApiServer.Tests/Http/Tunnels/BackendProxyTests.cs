using System.Net;
using System.Text;
using Coxswain.Api.Errors;
using Coxswain.ApiServer.Http.Tunnels;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace Coxswain.ApiServer.Tests.Http.Tunnels;

public sealed class BackendProxyTests
{
    private const string Prefix = "/api/v1/namespaces/n/pods/web/proxy";

    private readonly DefaultHttpContext _context = new();
    private readonly MemoryStream _body = new();

    public BackendProxyTests()
    {
        _context.Request.Method = "POST";
        _context.Request.Host = new HostString("api:6443");
        _context.Request.Scheme = "https";
        _context.Response.Body = _body;
        _context.Connection.RemoteIpAddress = IPAddress.Parse("192.0.2.7");
    }

    [Theory]
    [InlineData("DELETE")]
    [InlineData("OPTIONS")]
    [InlineData("PATCH")]
    [InlineData("PUT")]
    public async Task Forward_AnyMethod_KeepsPathQueryAndBody(string method)
    {
        _context.Request.Method = method;
        _context.Request.Body = new MemoryStream("question"u8.ToArray());
        _context.Features.Set<IHttpRequestBodyDetectionFeature>(new WithBody());
        var (asked, body) = await ForwardAsync(new HttpResponseMessage(HttpStatusCode.Accepted) { Content = new StringContent("answer") }, "/a%2Fb//c");
        Assert.Equal(method, asked.Method.Method);
        Assert.Equal("http://10.0.0.1:80/a%2Fb//c?q=%20", asked.RequestUri!.OriginalString);
        Assert.Equal("question", body);
        Assert.Equal(202, _context.Response.StatusCode);
        Assert.Equal("answer", Encoding.UTF8.GetString(_body.ToArray()));
    }

    [Fact]
    public async Task Forward_Headers_WithoutThoseOfTheHopAndCredentials()
    {
        foreach (var (name, value) in new[]
        {
            ("Authorization", "Bearer x"), ("Impersonate-User", "jane"), ("Connection", "keep-alive, X-Mine"), ("X-Mine", "1"), ("TE", "trailers"),
            ("X-Kept", "2"), ("Cookie", "a=b"), ("X-Forwarded-For", "192.0.2.1"),
        })
        {
            _context.Request.Headers[name] = value;
        }

        var answer = new HttpResponseMessage(HttpStatusCode.OK) { Content = new StringContent("") };
        answer.Headers.TryAddWithoutValidation("Keep-Alive", "timeout=5");
        answer.Headers.TryAddWithoutValidation("X-Theirs", "3");
        var (asked, _) = await ForwardAsync(answer, "/");
        Assert.Equal(
            ["Cookie", "X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto", "X-Forwarded-Uri", "X-Kept"],
            asked.Headers.Select(header => header.Key).Order(StringComparer.Ordinal));
        Assert.Equal("192.0.2.1, 192.0.2.7", asked.Headers.GetValues("X-Forwarded-For").Single());
        Assert.Equal(Prefix + "/", asked.Headers.GetValues("X-Forwarded-Uri").Single());
        Assert.Equal("3", _context.Response.Headers["X-Theirs"]);
        Assert.False(_context.Response.Headers.ContainsKey("Keep-Alive"));
    }

    [Fact]
    public async Task Forward_ARedirect_LeadsThroughTheProxy()
    {
        var answer = new HttpResponseMessage(HttpStatusCode.Found) { Content = new StringContent("") };
        answer.Headers.TryAddWithoutValidation("Location", "/login?x=1");
        await ForwardAsync(answer, "/");
        Assert.Equal(Prefix + "/login?x=1", _context.Response.Headers.Location);
    }

    [Fact]
    public async Task Forward_NobodyThere_IsUnavailable()
    {
        using var client = new HttpMessageInvoker(new Backend(_ => throw new HttpRequestException("connection refused")));
        var refused = await Assert.ThrowsAsync<KubeStatusException>(() => BackendProxy.ForwardAsync(
            _context, client, "http://10.0.0.1:80", new ProxyPath(Prefix, "/", ""), CancellationToken.None));
        Assert.Equal(503, refused.Status.Code);
        Assert.Equal("error trying to reach service: connection refused", refused.Status.Message);
    }

    private async Task<(HttpRequestMessage Asked, string Body)> ForwardAsync(HttpResponseMessage answer, string rest)
    {
        HttpRequestMessage? asked = null;
        var body = "";
        using var client = new HttpMessageInvoker(new Backend(async message =>
        {
            asked = message;
            body = message.Content is null ? "" : await message.Content.ReadAsStringAsync();
            return answer;
        }));
        await BackendProxy.ForwardAsync(
            _context, client, "http://10.0.0.1:80", new ProxyPath(Prefix, rest, rest == "/" ? "" : "?q=%20"), CancellationToken.None);
        return (asked!, body);
    }

    private sealed class Backend(Func<HttpRequestMessage, Task<HttpResponseMessage>> answer) : HttpMessageHandler
    {
        protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken) =>
            answer(request);
    }

    private sealed class WithBody : IHttpRequestBodyDetectionFeature
    {
        public bool CanHaveBody => true;
    }
}
