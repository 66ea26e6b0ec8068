using Coxswain.ApiServer.Certificates;
using Coxswain.ApiServer.Http;

namespace Coxswain.ApiServer.Tests.Hostile;

public sealed class RequestLimitsTests : IAsyncLifetime
{
    private const string ConfigMaps = "/api/v1/namespaces/default/configmaps";

    private readonly CancellationTokenSource _end = new(TimeSpan.FromSeconds(30), TimeProvider.System);
    private TestServer _server = null!;
    private KeyAndCertificate _jane = null!;

    public async Task InitializeAsync()
    {
        _server = await TestServer.StartAsync(options: options => options with { Bounds = new RequestBounds { MostReading = 2, MostWriting = 2 } });
        _jane = _server.Pki.Authority.Issue(new CertificateSubject("jane"));
        (await _server.PostAsync("/apis/rbac.authorization.k8s.io/v1/clusterrolebindings", """
            {"metadata":{"name":"jane"},"roleRef":{"apiGroup":"rbac.authorization.k8s.io","kind":"ClusterRole","name":"admin"},
            "subjects":[{"kind":"User","apiGroup":"rbac.authorization.k8s.io","name":"jane"}]}
            """)).Expect(201);

        // Jane has two seats, and nobody waits for them.
        (await _server.PostAsync("/apis/flowcontrol.apiserver.k8s.io/v1/prioritylevelconfigurations", """
            {"metadata":{"name":"jane"},"spec":{"type":"Limited","limited":{"nominalConcurrencyShares":245,"limitResponse":{"type":"Reject"}}}}
            """)).Expect(201);
        (await _server.PostAsync("/apis/flowcontrol.apiserver.k8s.io/v1/flowschemas", """
            {"metadata":{"name":"jane"},"spec":{"matchingPrecedence":50,"priorityLevelConfiguration":{"name":"jane"},"rules":[{
            "subjects":[{"kind":"User","user":{"name":"jane"}}],
            "resourceRules":[{"verbs":["create","watch"],"apiGroups":["*"],"resources":["*"],"namespaces":["*"]}]}]}}
            """)).Expect(201);
    }

    public async Task DisposeAsync()
    {
        _end.Dispose();
        await _server.DisposeAsync();
    }

    [Fact]
    public async Task Requests_BeyondTheLimit_AreToBeTriedAgain()
    {
        await using var first = await SlowAsync();
        await using var second = await SlowAsync();
        await using var third = await HostileConnection.OpenAsync(_server, _jane);
        await third.SendAsync($"POST {ConfigMaps} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{{}}");
        Assert.StartsWith("HTTP/1.1 429", await third.StatusLineAsync(_end.Token), StringComparison.Ordinal);
        Assert.Contains("Retry-After: 1", await third.HeadersAsync(_end.Token), StringComparison.OrdinalIgnoreCase);

        // What belongs to another level is not hindered, and masters are by nobody.
        using var jane = _server.ClientWith(_jane);
        (await _server.SendAsync(HttpMethod.Get, ConfigMaps, client: jane)).Expect(200);
        (await _server.PostAsync(ConfigMaps, """{"metadata":{"name":"a"}}""")).Expect(201);
    }

    [Fact]
    public async Task Watches_InAnyNumber_TakeNoPlace()
    {
        List<HostileConnection> watches = [];
        for (var i = 0; i < 5; i++)
        {
            var watch = await HostileConnection.OpenAsync(_server, _jane);
            watches.Add(watch);
            await watch.SendAsync($"GET {ConfigMaps}?watch=true HTTP/1.1\r\nHost: localhost\r\n\r\n");
            Assert.StartsWith("HTTP/1.1 200", await watch.StatusLineAsync(_end.Token), StringComparison.Ordinal);
        }

        using var jane = _server.ClientWith(_jane);
        (await _server.SendAsync(HttpMethod.Get, ConfigMaps, client: jane)).Expect(200);
        foreach (var watch in watches)
        {
            await watch.DisposeAsync();
        }
    }

    [Fact]
    public async Task User_WithoutRights_IsRefusedBeforeItsBodyIsRead()
    {
        await using var nobody = await HostileConnection.OpenAsync(_server, _server.Pki.Authority.Issue(new CertificateSubject("nobody")));
        await nobody.SendAsync($"POST {ConfigMaps} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/yaml\r\nContent-Length: 3000000\r\n\r\n");
        Assert.StartsWith("HTTP/1.1 403", await nobody.StatusLineAsync(_end.Token), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Body_WithAnEncoding_IsRefused()
    {
        await using var client = await HostileConnection.OpenAsync(_server, _server.Pki.Admin());
        await client.SendAsync(
            $"POST {ConfigMaps} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Encoding: gzip\r\nContent-Length: 2\r\n\r\n{{}}");
        Assert.StartsWith("HTTP/1.1 415", await client.StatusLineAsync(_end.Token), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Methods_OfAnyName_AreCountedAsOne()
    {
        for (var i = 0; i < 20; i++)
        {
            await _server.SendAsync(new HttpMethod($"VERB{i}"), "/version");
        }

        var text = (await _server.GetAsync("/metrics")).Expect(200).Text;
        Assert.DoesNotContain("VERB", text, StringComparison.Ordinal);
        Assert.Contains("verb=\"other\"", text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Metrics_TellRequestsApart_AsDashboardsAsk()
    {
        (await _server.PostAsync(ConfigMaps, """{"metadata":{"name":"a"}}""")).Expect(201);
        (await _server.GetAsync(ConfigMaps)).Expect(200);
        (await _server.GetAsync("/apis/nothing.example.com/v1/things")).Expect(404);
        var text = (await _server.GetAsync("/metrics")).Expect(200).Text;
        const string Created = "group=\"\",resource=\"configmaps\",scope=\"resource\",subresource=\"\",verb=\"POST\",version=\"v1\",component=\"apiserver\"";
        Assert.Contains($"apiserver_request_total{{code=\"201\",{Created}}} 1\n", text, StringComparison.Ordinal);
        Assert.Contains($"apiserver_request_duration_seconds_bucket{{{Created},le=\"+Inf\"}} 1\n", text, StringComparison.Ordinal);
        Assert.Contains("scope=\"namespace\",subresource=\"\",verb=\"LIST\"", text, StringComparison.Ordinal);
        Assert.Contains("apiserver_flowcontrol_nominal_limit_seats{priority_level=\"global-default\"}", text, StringComparison.Ordinal);
        Assert.DoesNotContain("nothing.example.com", text, StringComparison.Ordinal);
    }

    /// <summary>A request that has its place and does not go on; answered 100 once it is let in.</summary>
    private async Task<HostileConnection> SlowAsync()
    {
        var slow = await HostileConnection.OpenAsync(_server, _jane);
        await slow.SendAsync(
            $"POST {ConfigMaps} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nExpect: 100-continue\r\nContent-Length: 100\r\n\r\n");
        Assert.StartsWith("HTTP/1.1 100", await slow.StatusLineAsync(_end.Token), StringComparison.Ordinal);
        return slow;
    }
}
