using System.Text;
using System.Text.Json.Nodes;
using Coxswain.Api.ApiRegistration.V1;
using Coxswain.Api.Resources;
using Coxswain.Client;
using Coxswain.Store;

namespace Coxswain.ApiServer.Tests.Aggregation;

/// <summary>Another server's group looks like one of ours.</summary>
public sealed class AggregationTests : IAsyncLifetime
{
    private const string Services = "/apis/apiregistration.k8s.io/v1/apiservices";
    private const string Name = "v1.things.example.com";
    private const string Things = "/apis/things.example.com/v1/namespaces/default/things";

    private TestServer _server = null!; // both are set before any test
    private ExtensionServer _extension = null!;

    public async Task InitializeAsync()
    {
        _server = await TestServer.StartAsync();
        _extension = await ExtensionServer.StartAsync();
    }

    public async Task DisposeAsync()
    {
        await _server.DisposeAsync();
        await _extension.DisposeAsync();
    }

    [Fact]
    public async Task Available_RequestsReachItWithTheirUser()
    {
        await PublishAsync();
        (await _server.PostAsync(Services, Body())).Expect(201);
        await WaitAsync("True", "Passed");
        var seen = (await _server.SendAsync(HttpMethod.Post, $"{Things}?dryRun=All", """{"kind":"Thing"}""")).Expect(200).Json;
        Assert.Equal("POST", (string?)seen["method"]);
        Assert.Equal($"{Things}?dryRun=All", (string?)seen["path"]);
        Assert.Equal("""{"kind":"Thing"}""", (string?)seen["body"]);
        Assert.Equal("kubernetes-admin", (string?)seen["user"]);
        Assert.Equal("system:masters,system:authenticated", ((string?)seen["groups"])!.Replace(", ", ",", StringComparison.Ordinal));
        Assert.Equal("CN=front-proxy-client", (string?)seen["proxy"]);
        Assert.Equal("", (string?)seen["authorization"]);
    }

    [Fact]
    public async Task Available_IsInDiscovery()
    {
        await PublishAsync();
        (await _server.PostAsync(Services, Body())).Expect(201);
        await WaitAsync("True", "Passed");
        Assert.Contains("things.example.com", (await _server.GetAsync("/apis")).Text, StringComparison.Ordinal);
        Assert.Equal("th", (string?)(await _server.GetAsync("/apis/things.example.com/v1")).Expect(200).Json["resources"]![0]!["shortNames"]![0]);
        using var request = new HttpRequestMessage(HttpMethod.Get, "/apis");
        request.Headers.TryAddWithoutValidation("Accept", "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList");
        using var answer = await _server.Http.SendAsync(request);
        var groups = JsonNode.Parse(await answer.Content.ReadAsStringAsync())!["items"]!.AsArray();
        var things = groups.Single(item => (string?)item!["metadata"]!["name"] == "things.example.com")!;
        Assert.Equal("Current", (string?)things["versions"]![0]!["freshness"]);
        Assert.Equal("things", (string?)things["versions"]![0]!["resources"]![0]!["resource"]);
    }

    [Fact]
    public async Task WithoutEndpoints_SaysSoAndHoldsUpNobody()
    {
        (await _server.PostAsync(Services, Body())).Expect(201);
        await WaitAsync("False", "ServiceNotFound");
        (await _server.GetAsync(Things)).Expect(503);
        (await _server.GetAsync("/apis")).Expect(200);
        (await _server.GetAsync("/api/v1/namespaces/default/configmaps")).Expect(200);
    }

    [Fact]
    public async Task Unwell_IsNotAvailable()
    {
        _extension.IsWell = false;
        await PublishAsync();
        (await _server.PostAsync(Services, Body())).Expect(201);
        await WaitAsync("False", "FailedDiscoveryCheck");
    }

    [Fact]
    public async Task Deleted_IsServedNoMore()
    {
        await PublishAsync();
        (await _server.PostAsync(Services, Body())).Expect(201);
        await WaitAsync("True", "Passed");
        (await _server.SendAsync(HttpMethod.Delete, $"{Services}/{Name}")).Expect(200);
        await _server.UntilAsync(() => _server.Host.Catalogue.Current.Remote.Count == 0);
        (await _server.GetAsync(Things)).Expect(404);
    }

    [Fact]
    public async Task Local_IsAlwaysAvailable()
    {
        (await _server.PostAsync(Services, """
            {"metadata":{"name":"v1.apps"},"spec":{"group":"apps","version":"v1","groupPriorityMinimum":100,"versionPriority":10}}
            """)).Expect(201);
        await WaitAsync("True", "Local", "v1.apps");
        (await _server.GetAsync("/apis/apps/v1/deployments")).Expect(200);
    }

    [Fact]
    public async Task ForAGroupServedHere_TakesNothingOver()
    {
        await PublishAsync();
        (await _server.PostAsync(Services, Body().Replace("things.example.com", "apps", StringComparison.Ordinal))).Expect(201);
        await WaitAsync("True", "Passed", "v1.apps");
        (await _server.GetAsync("/apis/apps/v1/deployments")).Expect(200);
    }

    [Fact]
    public async Task Name_OfAnotherGroup_IsRefused() =>
        (await _server.PostAsync(Services, Body().Replace($"\"{Name}\"", "\"v2.things.example.com\"", StringComparison.Ordinal))).Expect(422);

    [Fact]
    public async Task AuthenticationConfiguration_IsPublished()
    {
        var data = (await _server.GetAsync("/api/v1/namespaces/kube-system/configmaps/extension-apiserver-authentication")).Expect(200).Json["data"]!;
        Assert.Equal("""["front-proxy-client"]""", (string?)data["requestheader-allowed-names"]);
        Assert.Contains("BEGIN CERTIFICATE", (string?)data["requestheader-client-ca-file"], StringComparison.Ordinal);
        Assert.NotEqual((string?)data["client-ca-file"], (string?)data["requestheader-client-ca-file"]);
    }

    private string Body() => $$"""
        {"metadata":{"name":"{{Name}}"},"spec":{"group":"things.example.com","version":"v1","groupPriorityMinimum":100,"versionPriority":10,
         "caBundle":"{{_extension.CaBundle}}","service":{"namespace":"default","name":"things"} } }
        """;

    /// <summary>A Service whose endpoint is this machine, which clients may not write, so it is written as if a controller could.</summary>
    private async Task PublishAsync()
    {
        (await _server.PostAsync("/api/v1/namespaces/default/services", """{"metadata":{"name":"things"},"spec":{"ports":[{"port":443}]}}""")).Expect(201);
        var slice = $$"""
            {"metadata":{"name":"things-1","namespace":"default","labels":{"kubernetes.io/service-name":"things"} },"kind":"EndpointSlice",
             "apiVersion":"discovery.k8s.io/v1","addressType":"IPv4","endpoints":[{"addresses":["127.0.0.1"]}],"ports":[{"name":"","port":{{_extension.Port}} }]}
            """;
        await _server.Store.WriteAsync(new StoreWrite("/registry/discovery.k8s.io/endpointslices/default/things-1", Encoding.UTF8.GetBytes(slice), ExpectedRevision: 0), default);
    }

    private async Task WaitAsync(string status, string reason, string name = Name)
    {
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        var seen = "nothing";
        try
        {
            await foreach (var item in _server.Admin.WatchAsync<APIService>(
                ApiResources.Of<APIService>(), null, new WatchQuery("0") { FieldSelector = $"metadata.name={name}" }, patience.Token))
            {
                seen = string.Join("; ", item.Object.Status.Conditions.Select(condition => $"{condition.Status} {condition.Reason}: {condition.Message}"));
                if (item.Object.Status.Conditions.Any(condition => condition.Status == status && condition.Reason == reason))
                {
                    return;
                }
            }
        }
        catch (OperationCanceledException)
        {
            Assert.Fail($"awaited {status} {reason}, and saw {seen}");
        }
    }
}
