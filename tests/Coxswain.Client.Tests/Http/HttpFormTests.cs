using Coxswain.Api.Apps.V1;
using Coxswain.Api.Core.V1;
using Coxswain.Api.Errors;
using Coxswain.Api.Resources;
using Coxswain.Client.Http;

namespace Coxswain.Client.Tests.Http;

public sealed class HttpFormTests
{
    [Fact]
    public void Paths_OfResources_AreKubernetesOwn()
    {
        var pods = ApiResources.Of<Pod>();
        Assert.Equal("/api/v1/pods", RequestPaths.Of(pods, null));
        Assert.Equal("/api/v1/namespaces/default/pods/web/status", RequestPaths.Of(pods, "default", "web", "status"));
        Assert.Equal("/apis/apps/v1/namespaces/default/deployments/web", RequestPaths.Of(ApiResources.Of<Deployment>(), "default", "web"));
        Assert.Equal("/api/v1/nodes/a", RequestPaths.Of(ApiResources.Of<Api.Core.V1.Node>(), "", "a"));
        Assert.Equal("/api/v1/pods?labelSelector=a%3Db&limit=5", RequestPaths.List(pods, null, new ListQuery(LabelSelector: "a=b", Limit: 5)));
        Assert.Equal("/api/v1/pods?watch=1&resourceVersion=7&allowWatchBookmarks=true", RequestPaths.Watch(pods, null, new WatchQuery("7")));
    }

    [Fact]
    public void List_Document_IsReadWithItsMetadata()
    {
        var list = ListDocument.Read<Pod>("""{"kind":"PodList","apiVersion":"v1","items":[{"metadata":{"name":"a"}},{"metadata":{"name":"b"}}],"metadata":{"resourceVersion":"9"}}"""u8);
        Assert.Equal(["a", "b"], list.Items.Select(pod => pod.Metadata.Name));
        Assert.Equal("9", list.Metadata.ResourceVersion);
    }

    [Theory]
    [InlineData("""{"type":"ADDED","object":{"metadata":{"name":"a"}}}""")]
    [InlineData("""{"object":{"metadata":{"name":"a"}},"type":"ADDED"}""")]
    public void Watch_Line_IsReadInAnyOrder(string line)
    {
        var change = WatchDocument.Read<Pod>(System.Text.Encoding.UTF8.GetBytes(line));
        Assert.Equal((WatchEventType.Added, "a"), (change.Type, change.Object.Metadata.Name));
    }

    [Fact]
    public void Watch_Error_IsThrown()
    {
        var exception = Assert.Throws<KubeStatusException>(() => WatchDocument.Read<Pod>(
            """{"type":"ERROR","object":{"kind":"Status","status":"Failure","reason":"Expired","message":"too old resource version","code":410}}"""u8));
        Assert.True(exception.IsExpired);
    }

    [Fact]
    public void KubeConfig_CurrentContext_IsChosen()
    {
        var path = Path.GetTempFileName();
        try
        {
            File.WriteAllText(path, """
                apiVersion: v1
                kind: Config
                current-context: two
                clusters:
                - name: first
                  cluster: {server: https://127.0.0.1:1}
                - name: second
                  cluster: {server: https://127.0.0.1:6443, insecure-skip-tls-verify: true}
                contexts:
                - name: one
                  context: {cluster: first, user: me}
                - name: two
                  context: {cluster: second, user: me}
                users:
                - name: me
                  user: {token: secret}
                """);
            var connection = KubeConfig.Load(path);
            Assert.Equal(("https://127.0.0.1:6443/", "secret", true), (connection.Server.ToString(), connection.Token(), connection.SkipTlsVerify));
            Assert.Equal(1, KubeConfig.Load(path, "one").Server.Port);
            Assert.Contains("no context \"three\"", Assert.Throws<InvalidDataException>(() => KubeConfig.Load(path, "three")).Message, StringComparison.Ordinal);
        }
        finally
        {
            File.Delete(path);
        }
    }

    [Fact]
    public void InClusterConfig_OutsideACluster_IsNull() => Assert.Null(InClusterConfig.Load(_ => null, "/nonexistent"));
}
