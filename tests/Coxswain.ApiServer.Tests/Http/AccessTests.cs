using System.Net;
using System.Text.Json.Nodes;
using Coxswain.Api.Authentication.V1;
using Coxswain.Api.Core.V1;
using Coxswain.Api.Resources;
using Coxswain.ApiServer.Certificates;
using Coxswain.Client;

namespace Coxswain.ApiServer.Tests.Http;

public sealed class AccessTests : IAsyncLifetime
{
    private TestServer _server = null!;

    public async Task InitializeAsync() => _server = await TestServer.StartAsync();

    public async Task DisposeAsync() => await _server.DisposeAsync();

    [Theory]
    [InlineData("/version", 200)]
    [InlineData("/healthz", 200)]
    [InlineData("/readyz?verbose", 200)]
    [InlineData("/livez/ping", 200)]
    [InlineData("/api/v1/pods", 401)]
    [InlineData("/apis", 401)]
    [InlineData("/metrics", 401)]
    public async Task Anonymous_MayOnlyAskHowTheServerIs(string path, int code)
    {
        using var client = _server.ClientWith(null);
        (await _server.SendAsync(HttpMethod.Get, path, client: client)).Expect(code);
    }

    [Fact]
    public async Task Certificate_OfAnotherAuthority_IsNotTrusted()
    {
        using var other = CertificateAuthority.Create("coxswain-ca", TimeProvider.System);
        using var client = _server.ClientWith(other.Issue(new CertificateSubject("kubernetes-admin") { Organizations = ["system:masters"] }));
        var refused = await Record.ExceptionAsync(() => client.GetAsync("/api/v1/pods"));
        Assert.IsType<HttpRequestException>(refused);
    }

    [Fact]
    public async Task User_WithARole_MayDoWhatItSays()
    {
        using var jane = _server.ClientWith(_server.Pki.Authority.Issue(new CertificateSubject("jane") { Organizations = ["dev"] }));
        const string Path = "/api/v1/namespaces/default/configmaps";
        (await _server.SendAsync(HttpMethod.Get, Path, client: jane)).Expect(403);
        (await _server.PostAsync("/apis/rbac.authorization.k8s.io/v1/namespaces/default/rolebindings", """
            {"metadata":{"name":"dev"},"roleRef":{"apiGroup":"rbac.authorization.k8s.io","kind":"ClusterRole","name":"view"},
            "subjects":[{"kind":"Group","apiGroup":"rbac.authorization.k8s.io","name":"dev"}]}
            """)).Expect(201);
        (await _server.SendAsync(HttpMethod.Get, Path, client: jane)).Expect(200);
        (await _server.SendAsync(HttpMethod.Post, Path, """{"metadata":{"name":"a"}}""", client: jane)).Expect(403);
        (await _server.SendAsync(HttpMethod.Get, "/api/v1/namespaces/kube-system/configmaps", client: jane)).Expect(403);
        var may = await _server.SendAsync(HttpMethod.Post, "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews",
            """{"spec":{"resourceAttributes":{"namespace":"default","verb":"list","resource":"pods"}}}""", client: jane);
        Assert.True((bool)may.Expect(201).Json["status"]!["allowed"]!);
        var mayNot = await _server.SendAsync(HttpMethod.Post, "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews",
            """{"spec":{"resourceAttributes":{"namespace":"default","verb":"delete","resource":"pods"}}}""", client: jane);
        Assert.False((bool)mayNot.Expect(201).Json["status"]!["allowed"]!);
    }

    [Fact]
    public async Task Impersonation_OfAServiceAccount_HasOnlyItsRights()
    {
        using var client = _server.ClientWith(_server.Pki.Admin());
        client.DefaultRequestHeaders.Add("Impersonate-User", "system:serviceaccount:default:default");
        var who = await _server.SendAsync(HttpMethod.Post, "/apis/authentication.k8s.io/v1/selfsubjectreviews", "{}", client: client);
        var user = who.Expect(201).Json["status"]!["userInfo"]!;
        Assert.Equal("system:serviceaccount:default:default", (string)user["username"]!);
        Assert.Equal(
            ["system:serviceaccounts", "system:serviceaccounts:default", "system:authenticated"],
            user["groups"]!.AsArray().Select(group => (string)group!));
        (await _server.SendAsync(HttpMethod.Get, "/api/v1/namespaces/default/secrets", client: client)).Expect(403);
    }

    [Fact]
    public async Task Impersonation_WithGroups_IsAMemberOfThem()
    {
        using var client = _server.ClientWith(_server.Pki.Admin());
        client.DefaultRequestHeaders.Add("Impersonate-User", "bob");
        (await _server.SendAsync(HttpMethod.Get, "/api/v1/pods", client: client)).Expect(403);
        client.DefaultRequestHeaders.Add("Impersonate-Group", ClusterPki.MastersGroup);
        (await _server.SendAsync(HttpMethod.Get, "/api/v1/pods", client: client)).Expect(200);
    }

    [Fact]
    public async Task Impersonation_ByAUserWhoMayNot_IsForbidden()
    {
        using var jane = _server.ClientWith(_server.Pki.Authority.Issue(new CertificateSubject("jane")));
        jane.DefaultRequestHeaders.Add("Impersonate-User", "kubernetes-admin");
        var answer = (await _server.SendAsync(HttpMethod.Get, "/api/v1/pods", client: jane)).Expect(403);
        Assert.Equal(
            "users \"kubernetes-admin\" is forbidden: User \"jane\" cannot impersonate resource \"users\" in API group \"\" at the cluster scope",
            answer.Message);
    }

    [Theory]
    [InlineData("Impersonate-Group")]
    [InlineData("Impersonate-Uid")]
    [InlineData("Impersonate-Extra-scopes")]
    public async Task Impersonation_OfAPartWithoutAUser_IsABadRequest(string header)
    {
        using var client = _server.ClientWith(_server.Pki.Admin());
        client.DefaultRequestHeaders.Add(header, "dev");
        (await _server.SendAsync(HttpMethod.Get, "/api/v1/pods", client: client)).Expect(400);
    }

    [Fact]
    public async Task Token_OfAServiceAccount_IsAcceptedWhileTheAccountExists()
    {
        var answer = await _server.Admin.PostAsync<TokenRequest, TokenRequest>(
            ApiResources.Of<ServiceAccount>(), "default", "default", "token", new TokenRequest(), default);
        using var client = _server.ClientWith(null);
        client.DefaultRequestHeaders.Authorization = new("Bearer", answer.Status.Token);
        var who = await _server.SendAsync(HttpMethod.Post, "/apis/authentication.k8s.io/v1/selfsubjectreviews", "{}", client: client);
        Assert.Equal("system:serviceaccount:default:default", (string)who.Expect(201).Json["status"]!["userInfo"]!["username"]!);
        (await _server.SendAsync(HttpMethod.Get, "/api/v1/namespaces/default/secrets", client: client)).Expect(403);
        await _server.Admin.DeleteAsync<ServiceAccount>("default", "default", Coxswain.Api.Meta.V1.DeleteOptions.Empty, default);
        (await _server.SendAsync(HttpMethod.Get, "/api", client: client)).Expect(401);
    }

    [Fact]
    public async Task Token_Tampered_IsRefused()
    {
        var answer = await _server.Admin.PostAsync<TokenRequest, TokenRequest>(
            ApiResources.Of<ServiceAccount>(), "default", "default", "token", new TokenRequest(), default);
        var parts = answer.Status.Token.Split('.');
        var other = await _server.Admin.PostAsync<TokenRequest, TokenRequest>(
            ApiResources.Of<ServiceAccount>(), "default", "default", "token", new TokenRequest(), default);
        using var client = _server.ClientWith(null);
        client.DefaultRequestHeaders.Authorization = new("Bearer", $"{parts[0]}.{other.Status.Token.Split('.')[1]}.{parts[2]}");
        (await _server.SendAsync(HttpMethod.Get, "/api", client: client)).Expect(401);
    }

    [Fact]
    public async Task Discovery_Aggregated_HasAnETag()
    {
        using var message = new HttpRequestMessage(HttpMethod.Get, "/apis") { Version = HttpVersion.Version20 };
        message.Headers.TryAddWithoutValidation("Accept", "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList,application/json");
        using var answer = await _server.Http.SendAsync(message);
        var list = JsonNode.Parse(await answer.Content.ReadAsStringAsync())!;
        Assert.Equal("APIGroupDiscoveryList", (string)list["kind"]!);
        using var again = new HttpRequestMessage(HttpMethod.Get, "/apis") { Version = HttpVersion.Version20 };
        again.Headers.TryAddWithoutValidation("Accept", "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList,application/json");
        again.Headers.IfNoneMatch.Add(answer.Headers.ETag!);
        using var same = await _server.Http.SendAsync(again);
        Assert.Equal(HttpStatusCode.NotModified, same.StatusCode);
    }
}
