using System.Net;
using System.Net.Http.Headers;
using System.Net.WebSockets;
using System.Text;
using Coxswain.ApiServer.Certificates;

namespace Coxswain.ApiServer.Tests.Http.Tunnels;

public sealed class ConnectEndpointTests : IAsyncLifetime
{
    private const string Pod = "/api/v1/namespaces/default/pods/web";

    private readonly CancellationTokenSource _timeout = new(TimeSpan.FromSeconds(60));
    private TestServer _server = null!; // Set before any test runs.
    private FakeNode _node = null!;

    public async Task InitializeAsync()
    {
        _server = await TestServer.StartAsync();
        _node = new FakeNode(_server.Pki);
        var port = await _node.StartAsync();
        (await _server.PostAsync("/api/v1/nodes", """{"metadata":{"name":"n1"}}""")).Expect(201);
        (await _server.PatchAsync("/api/v1/nodes/n1/status", $$$"""
            {"status":{"addresses":[{"type":"InternalIP","address":"127.0.0.1"}],
            "daemonEndpoints":{"kubeletEndpoint":{"Port":{{{port}}} } } } }
            """)).Expect(200);
        (await _server.PostAsync("/api/v1/namespaces/default/pods", """
            {"metadata":{"name":"web"},"spec":{"nodeName":"n1","containers":[{"name":"main","image":"a"}]}}
            """)).Expect(201);
    }

    public async Task DisposeAsync()
    {
        await _server.DisposeAsync();
        await _node.DisposeAsync();
        _timeout.Dispose();
    }

    [Theory]
    [InlineData("exec?stdin=true&stdout=1&stderr=false&command=sh&command=-c&command=a%20%26b", "/exec/default/web/main?input=1&output=1&command=sh&command=-c&command=a%20%26b")]
    [InlineData("attach?stdout=true&tty=true&container=main", "/attach/default/web/main?output=1&tty=1")]
    [InlineData("portforward?ports=80&ports=81", "/portForward/default/web?port=80&port=81")]
    public async Task Upgrade_IsAskedOfTheNode_AndBytesGoBothWays(string asked, string kubelets)
    {
        using var client = _server.ClientWith(_server.Pki.Admin());
        client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Basic", "x");
        using var answer = await AskAsync(client, HttpMethod.Post, $"{Pod}/{asked}");
        Assert.Equal(HttpStatusCode.SwitchingProtocols, answer.StatusCode);
        Assert.Equal("SPDY/3.1", answer.Headers.Upgrade.Single().ToString());
        Assert.Equal("v4.channel.k8s.io", answer.Headers.GetValues("X-Stream-Protocol-Version").Single());
        Assert.Equal([$"POST {kubelets}"], _node.Asked);
        await using var stream = await answer.Content.ReadAsStreamAsync();
        var sent = new byte[1_000_000];
        new Random(1).NextBytes(sent);
        var sending = stream.WriteAsync(sent, _timeout.Token);
        var received = new byte[sent.Length];
        await stream.ReadExactlyAsync(received, _timeout.Token);
        await sending;
        Assert.Equal(sent, received);
    }

    [Fact]
    public async Task Upgrade_ClientLeaves_TheNodeIsLetGo()
    {
        var answer = await AskAsync(_server.Http, HttpMethod.Post, $"{Pod}/exec?stdout=true&command=a");
        answer.Dispose();
        await _node.Ended.Task.WaitAsync(_timeout.Token);
    }

    [Fact]
    public async Task Upgrade_ServerStops_BothEndsAreLetGo()
    {
        using var answer = await AskAsync(_server.Http, HttpMethod.Post, $"{Pod}/exec?stdout=true&command=a");
        await using var stream = await answer.Content.ReadAsStreamAsync();
        await _server.Host.StopAsync(_timeout.Token);
        await _node.Ended.Task.WaitAsync(_timeout.Token);
        var end = await Record.ExceptionAsync(async () => Assert.Equal(0, await stream.ReadAsync(new byte[1], _timeout.Token)));
        Assert.True(end is null or IOException, $"{end}");
    }

    [Fact]
    public async Task Upgrade_ByGet_NeedsCreateToo()
    {
        using var jane = _server.ClientWith(_server.Pki.Authority.Issue(new CertificateSubject("jane")));
        await AllowAsync("get");
        using var refused = await AskAsync(jane, HttpMethod.Get, $"{Pod}/exec?stdout=true&command=a");
        Assert.Equal(HttpStatusCode.Forbidden, refused.StatusCode);
        Assert.Contains("cannot create resource \\\"pods/exec\\\"", await refused.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        Assert.Empty(_node.Asked);
        await AllowAsync("create");
        using var allowed = await AskAsync(jane, HttpMethod.Get, $"{Pod}/exec?stdout=true&command=a");
        Assert.Equal(HttpStatusCode.SwitchingProtocols, allowed.StatusCode);
    }

    [Fact]
    public async Task Upgrade_TheNodeRefuses_IsAStatus()
    {
        _node.Refusal = (404, "container not found (\"main\")");
        using var answer = await AskAsync(_server.Http, HttpMethod.Post, $"{Pod}/exec?stdout=true&command=a");
        Assert.Equal(HttpStatusCode.NotFound, answer.StatusCode);
        Assert.Contains("\"message\":\"container not found (\\\"main\\\")\"", await answer.Content.ReadAsStringAsync(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("POST", Pod + "/exec?stdout=true&command=a", 400, "Upgrade request required")]
    [InlineData("POST", Pod + "/exec?stdout=true&command=a&container=b", 400, "container b is not valid for pod web")]
    [InlineData("POST", Pod + "x/exec?stdout=true&command=a", 404, "pods \"webx\" not found")]
    [InlineData("GET", Pod + "/proxy/", 400, "address not allowed")]
    [InlineData("GET", Pod + ":x/proxy/", 400, "invalid pod request \"web:x\"")]
    [InlineData("GET", "/api/v1/namespaces/default/services/none/proxy/", 404, "services \"none\" not found")]
    [InlineData("GET", "/api/v1/nodes/n1/proxy/healthz", 400, "address not allowed")]
    public async Task Ask_ForWhatCannotBe_IsRefused(string method, string path, int code, string message) =>
        Assert.Equal(message, (await _server.SendAsync(new HttpMethod(method), path)).Expect(code).Message);

    [Fact]
    public async Task Proxy_OfAServiceWithoutEndpoints_IsUnavailable()
    {
        (await _server.PostAsync("/api/v1/namespaces/default/services", """
            {"metadata":{"name":"web"},"spec":{"ports":[{"name":"http","port":80}]}}
            """)).Expect(201);
        const string Service = "/api/v1/namespaces/default/services/web";
        Assert.Equal("no endpoints available for service \"web:80\"", (await _server.GetAsync(Service + ":80/proxy/")).Expect(503).Message);
        Assert.Equal("no service port 81 found for service \"web\"", (await _server.GetAsync(Service + ":81/proxy/")).Expect(503).Message);
        (await _server.PostAsync("/apis/discovery.k8s.io/v1/namespaces/default/endpointslices", """
            {"metadata":{"name":"web-1","labels":{"kubernetes.io/service-name":"web"}},"addressType":"IPv4",
            "ports":[{"name":"http","port":8080}],"endpoints":[{"addresses":["10.9.9.9"],"conditions":{"ready":false}}]}
            """)).Expect(201);
        (await _server.GetAsync(Service + ":http/proxy/")).Expect(503);
    }

    [Fact]
    public async Task Proxy_WithoutAPath_LeadsToTheRoot()
    {
        (await _server.PatchAsync(Pod + "/status", """{"status":{"podIP":"10.9.9.9"}}""")).Expect(200);
        // Followed, it asks an address where nobody is.
        using var message = new HttpRequestMessage(HttpMethod.Head, Pod + "/proxy?a=b");
        using var once = new SocketsHttpHandler { AllowAutoRedirect = false };
        once.SslOptions = _server.TlsOptions(_server.Pki.Admin());
        using var client = new HttpClient(once) { BaseAddress = _server.Address };
        using var answer = await client.SendAsync(message, _timeout.Token);
        Assert.Equal(HttpStatusCode.MovedPermanently, answer.StatusCode);
        Assert.Equal(Pod + "/proxy/?a=b", answer.Headers.Location!.OriginalString);
    }

    [Theory]
    [InlineData("binary.k8s.io", "hello\n", WebSocketMessageType.Binary)]
    [InlineData("base64.binary.k8s.io", "aGVsbG8K", WebSocketMessageType.Text)]
    public async Task Log_OverAWebSocket_IsAnEmptyMessageThenTheText(string protocol, string expected, WebSocketMessageType type)
    {
        _node.Text = _ => "hello\n";
        using var socket = new ClientWebSocket();
        socket.Options.AddSubProtocol(protocol);
        using var handler = new SocketsHttpHandler { SslOptions = _server.TlsOptions(_server.Pki.Admin()) };
        using var invoker = new HttpMessageInvoker(handler);
        var address = new UriBuilder(new Uri(_server.Address, $"{Pod}/log?container=main")) { Scheme = "wss" }.Uri;
        await socket.ConnectAsync(address, invoker, _timeout.Token);
        Assert.Equal(protocol, socket.SubProtocol);
        var buffer = new byte[100];
        var first = await socket.ReceiveAsync(buffer.AsMemory(), _timeout.Token);
        Assert.Equal((0, type, true), (first.Count, first.MessageType, first.EndOfMessage));
        var text = "";
        while (await socket.ReceiveAsync(buffer.AsMemory(), _timeout.Token) is { MessageType: not WebSocketMessageType.Close } piece)
        {
            text += Encoding.UTF8.GetString(buffer, 0, piece.Count);
        }

        Assert.Equal(expected, text);
        Assert.Equal(["GET /containerLogs/default/web/main"], _node.Asked);
    }

    private Task<HttpResponseMessage> AskAsync(HttpClient client, HttpMethod method, string path)
    {
        var message = new HttpRequestMessage(method, path) { Version = HttpVersion.Version11, VersionPolicy = HttpVersionPolicy.RequestVersionExact };
        message.Headers.TryAddWithoutValidation("Connection", "Upgrade");
        message.Headers.TryAddWithoutValidation("Upgrade", "SPDY/3.1");
        message.Headers.TryAddWithoutValidation("X-Stream-Protocol-Version", "v4.channel.k8s.io");
        return client.SendAsync(message, HttpCompletionOption.ResponseHeadersRead, _timeout.Token);
    }

    private async Task AllowAsync(string verb)
    {
        (await _server.PostAsync("/apis/rbac.authorization.k8s.io/v1/namespaces/default/roles", $$$"""
            {"metadata":{"name":"{{{verb}}}"},"rules":[{"apiGroups":[""],"resources":["pods/exec"],"verbs":["{{{verb}}}"]}]}
            """)).Expect(201);
        (await _server.PostAsync("/apis/rbac.authorization.k8s.io/v1/namespaces/default/rolebindings", $$$"""
            {"metadata":{"name":"{{{verb}}}"},"roleRef":{"apiGroup":"rbac.authorization.k8s.io","kind":"Role","name":"{{{verb}}}"},
            "subjects":[{"kind":"User","apiGroup":"rbac.authorization.k8s.io","name":"jane"}]}
            """)).Expect(201);
    }
}
