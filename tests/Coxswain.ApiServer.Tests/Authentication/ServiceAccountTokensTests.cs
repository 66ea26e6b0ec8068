using Coxswain.Api.Authentication.V1;
using Coxswain.Api.Core.V1;
using Coxswain.Api.Meta.V1;
using Coxswain.Api.Resources;
using Coxswain.Client;

namespace Coxswain.ApiServer.Tests.Authentication;

public sealed class ServiceAccountTokensTests : IAsyncLifetime
{
    private TestServer _server = null!;

    public async Task InitializeAsync() => _server = await TestServer.StartAsync();

    public async Task DisposeAsync() => await _server.DisposeAsync();

    [Theory]
    [InlineData("Secret")]
    [InlineData("Pod")]
    public async Task Token_UsedBefore_IsRefusedOnceWhatItIsBoundToIsGone(string kind)
    {
        await _server.Admin.CreateAsync(new Secret { Metadata = Named("bound") }, default);
        var pod = new Pod { Metadata = Named("bound"), Spec = new PodSpec { NodeName = "n1", Containers = [new Container { Name = "c", Image = "i" }] } };
        await _server.Admin.CreateAsync(pod, default);
        using var client = ClientWith(await TokenAsync(new BoundObjectReference { Kind = kind, ApiVersion = "v1", Name = "bound" }));
        (await _server.SendAsync(HttpMethod.Get, "/api", client: client)).Expect(200);
        (await _server.SendAsync(HttpMethod.Get, "/api", client: client)).Expect(200);
        await (kind == "Pod"
            ? _server.Admin.DeleteAsync<Pod>("default", "bound", DeleteOptions.Empty with { GracePeriodSeconds = 0 }, default)
            : _server.Admin.DeleteAsync<Secret>("default", "bound", DeleteOptions.Empty, default));
        (await _server.SendAsync(HttpMethod.Get, "/api", client: client)).Expect(401);
    }

    [Fact]
    public async Task Token_OfAPod_SaysWhereItRuns()
    {
        var node = await _server.Admin.CreateAsync(new Node { Metadata = new ObjectMeta { Name = "n1" } }, default);
        var pod = new Pod { Metadata = Named("p"), Spec = new PodSpec { NodeName = "n1", Containers = [new Container { Name = "c", Image = "i" }] } };
        pod = await _server.Admin.CreateAsync(pod, default);
        using var client = ClientWith(await TokenAsync(new BoundObjectReference { Kind = "Pod", ApiVersion = "v1", Name = "p" }));
        var who = await _server.SendAsync(HttpMethod.Post, "/apis/authentication.k8s.io/v1/selfsubjectreviews", "{}", client: client);
        var extra = who.Expect(201).Json["status"]!["userInfo"]!["extra"]!;
        Assert.Equal("p", (string)extra["authentication.kubernetes.io/pod-name"]![0]!);
        Assert.Equal(pod.Metadata.Uid, (string)extra["authentication.kubernetes.io/pod-uid"]![0]!);
        Assert.Equal("n1", (string)extra["authentication.kubernetes.io/node-name"]![0]!);
        Assert.Equal(node.Metadata.Uid, (string)extra["authentication.kubernetes.io/node-uid"]![0]!);
        Assert.StartsWith("JTI=", (string)extra["authentication.kubernetes.io/credential-id"]![0]!, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Token_OfAnyText_IsRefusedAndHarmsNothing()
    {
        var good = await TokenAsync(null);
        var parts = good.Split('.');
        var random = new Random(7);
        for (var i = 0; i < 200; i++)
        {
            var bytes = new byte[random.Next(1, 200)];
            random.NextBytes(bytes);
            var noise = System.Buffers.Text.Base64Url.EncodeToString(bytes);
            var token = (i % 5) switch
            {
                0 => noise,
                1 => $"{parts[0]}.{noise}.{parts[2]}",
                2 => $"{parts[0]}.{parts[1]}.{noise}",
                3 => $"{noise}.{parts[1]}.{parts[2]}",
                _ => good + "." + noise,
            };
            var review = await _server.Admin.CreateReviewAsync(token);
            Assert.False(review.Authenticated, token);
        }

        Assert.True((await _server.Admin.CreateReviewAsync(good)).Authenticated);
    }

    private static ObjectMeta Named(string name) => ObjectMeta.Empty with { Name = name, Namespace = "default" };

    private HttpClient ClientWith(string token)
    {
        var client = _server.ClientWith(null);
        client.DefaultRequestHeaders.Authorization = new("Bearer", token);
        return client;
    }

    private async Task<string> TokenAsync(BoundObjectReference? bound)
    {
        var wanted = new TokenRequest { Spec = new TokenRequestSpec { BoundObjectRef = bound } };
        var answer = await _server.Admin.PostAsync<TokenRequest, TokenRequest>(
            ApiResources.Of<ServiceAccount>(), "default", "default", "token", wanted, default);
        return answer.Status.Token;
    }
}

internal static class TokenReviews
{
    public static async Task<TokenReviewStatus> CreateReviewAsync(this IKubeClient client, string token)
    {
        var review = new TokenReview { Spec = new TokenReviewSpec { Token = token } };
        var answer = await client.PostAsync<TokenReview, TokenReview>(
            ApiResources.Find(TokenReview.ObjectKind)!, null, "", "", review, default);
        return answer.Status;
    }
}
