using System.Text.Json.Nodes;

namespace Coxswain.ApiServer.Tests.Conversion;

/// <summary>Manifests of 2020 are taken, mean what they meant, and say what to write today.</summary>
public sealed class OldVersionTests : IAsyncLifetime
{
    private const string Template = """{"metadata":{"labels":{"app":"web"}},"spec":{"containers":[{"name":"c","image":"i"}]}}""";

    private TestServer _server = null!; // set before any test

    public async Task InitializeAsync() => _server = await TestServer.StartAsync();

    public async Task DisposeAsync() => await _server.DisposeAsync();

    [Fact]
    public async Task Deployment_OfExtensions_HasTheDefaultsOfItsTime()
    {
        var created = (await _server.PostAsync("/apis/extensions/v1beta1/namespaces/default/deployments",
            $$"""{"apiVersion":"extensions/v1beta1","kind":"Deployment","metadata":{"name":"web"},"spec":{"template":{{Template}} } }""")).Expect(201);
        Assert.Contains(created.Warnings, warning => warning.Contains("extensions/v1beta1 Deployment is deprecated; use apps/v1 Deployment", StringComparison.Ordinal));
        Assert.Equal("extensions/v1beta1", (string?)created.Json["apiVersion"]);
        var today = await TodayAsync("/apis/apps/v1/namespaces/default/deployments/web");
        Assert.Equal("""{"matchLabels":{"app":"web"}}""", today["spec"]!["selector"]!.ToJsonString());
        Assert.Equal("web", (string?)today["metadata"]!["labels"]!["app"]);
        Assert.Equal(1, (int?)today["spec"]!["strategy"]!["rollingUpdate"]!["maxSurge"]);
        Assert.Equal(int.MaxValue, (int?)today["spec"]!["revisionHistoryLimit"]);
    }

    [Fact]
    public async Task DaemonSet_OfExtensions_IsUpdatedOnDelete()
    {
        (await _server.PostAsync("/apis/extensions/v1beta1/namespaces/default/daemonsets", $$"""{"metadata":{"name":"d"},"spec":{"template":{{Template}} } }""")).Expect(201);
        var today = await TodayAsync("/apis/apps/v1/namespaces/default/daemonsets/d");
        Assert.Equal("OnDelete", (string?)today["spec"]!["updateStrategy"]!["type"]);
    }

    [Fact]
    public async Task Ingress_OfBeta_NamesItsServiceFlat()
    {
        const string Path = "/apis/networking.k8s.io/v1beta1/namespaces/default/ingresses";
        (await _server.PostAsync(Path, """
            {"metadata":{"name":"i"},"spec":{"backend":{"serviceName":"all","servicePort":80},
             "rules":[{"host":"a.example.com","http":{"paths":[{"path":"/","backend":{"serviceName":"web","servicePort":"http"}}]}}]}}
            """)).Expect(201);
        var today = (await TodayAsync("/apis/networking.k8s.io/v1/namespaces/default/ingresses/i"))["spec"]!;
        Assert.Equal("""{"service":{"name":"all","port":{"number":80}}}""", today["defaultBackend"]!.ToJsonString());
        var path = today["rules"]![0]!["http"]!["paths"]![0]!;
        Assert.Equal("ImplementationSpecific", (string?)path["pathType"]);
        Assert.Equal("""{"service":{"name":"web","port":{"name":"http"}}}""", path["backend"]!.ToJsonString());
        var shown = (await _server.GetAsync(Path + "/i")).Expect(200).Json["spec"]!;
        Assert.Equal(80, (int?)shown["backend"]!["servicePort"]);
        Assert.Equal("http", (string?)shown["rules"]![0]!["http"]!["paths"]![0]!["backend"]!["servicePort"]);
    }

    [Fact]
    public async Task DisruptionBudget_OfBeta_SelectsNoneWithAnEmptySelector()
    {
        const string Path = "/apis/policy/v1beta1/namespaces/default/poddisruptionbudgets";
        (await _server.PostAsync(Path, """{"metadata":{"name":"p"},"spec":{"minAvailable":1,"selector":{}}}""")).Expect(201);
        var today = await TodayAsync("/apis/policy/v1/namespaces/default/poddisruptionbudgets/p");
        Assert.Equal("Exists", (string?)today["spec"]!["selector"]!["matchExpressions"]![0]!["operator"]);
        Assert.Equal("{}", (await _server.GetAsync(Path + "/p")).Expect(200).Json["spec"]!["selector"]!.ToJsonString());
    }

    [Fact]
    public async Task Definition_OfBeta_IsServedAndKeepsUnknownFields()
    {
        (await _server.PostAsync("/apis/apiextensions.k8s.io/v1beta1/customresourcedefinitions", """
            {"metadata":{"name":"carts.example.com"},"spec":{"group":"example.com","version":"v1","names":{"plural":"carts","kind":"Cart"},
             "validation":{"openAPIV3Schema":{"properties":{"spec":{"type":"object","properties":{"wheels":{"type":"integer","minimum":2}}}}}},
             "additionalPrinterColumns":[{"name":"Wheels","type":"integer","JSONPath":".spec.wheels"}]}}
            """)).Expect(201);
        await _server.UntilAsync(() => _server.Host.Catalogue.Find("example.com", "v1", "carts") is not null);
        const string Carts = "/apis/example.com/v1/namespaces/default/carts";
        var cart = (await _server.PostAsync(Carts, """{"apiVersion":"example.com/v1","kind":"Cart","metadata":{"name":"c"},"spec":{"wheels":2},"extra":1}""")).Expect(201);
        Assert.Equal(1, (int?)cart.Json["extra"]);
        (await _server.PostAsync(Carts, """{"apiVersion":"example.com/v1","kind":"Cart","metadata":{"name":"d"},"spec":{"wheels":1}}""")).Expect(422);
    }

    [Fact]
    public async Task WebhookConfiguration_OfBeta_IsLenientWhereItIsSilent()
    {
        (await _server.PostAsync("/apis/admissionregistration.k8s.io/v1beta1/validatingwebhookconfigurations", """
            {"metadata":{"name":"w"},"webhooks":[{"name":"a.example.com","clientConfig":{"url":"https://127.0.0.1:1/"}}]}
            """)).Expect(201);
        var webhook = (await TodayAsync("/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations/w"))["webhooks"]![0]!;
        Assert.Equal("Ignore Unknown 30", $"{webhook["failurePolicy"]} {webhook["sideEffects"]} {webhook["timeoutSeconds"]}");
    }

    [Theory]
    [InlineData("/apis/rbac.authorization.k8s.io/v1beta1/clusterroles")]
    [InlineData("/apis/batch/v1beta1/cronjobs")]
    [InlineData("/apis/storage.k8s.io/v1beta1/storageclasses")]
    [InlineData("/apis/apps/v1beta2/statefulsets")]
    [InlineData("/apis/coordination.k8s.io/v1beta1/leases")]
    public async Task List_OfAnOldVersion_IsAnswered(string path) => (await _server.GetAsync(path)).Expect(200);

    private async Task<JsonObject> TodayAsync(string path) => (await _server.GetAsync(path)).Expect(200).Json;
}
