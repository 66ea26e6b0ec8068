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
    public async Task Autoscaler_OfTheFirstBeta_WritesItsTargetsFlat()
    {
        const string Path = "/apis/autoscaling/v2beta1/namespaces/default/horizontalpodautoscalers";
        var spec = """
            {"scaleTargetRef":{"kind":"Deployment","name":"d","apiVersion":"apps/v1"},"maxReplicas":3,
            "metrics":[{"type":"Resource","resource":{"name":"cpu","targetAverageUtilization":60}},{"type":"Pods","pods":{"metricName":"hits","targetAverageValue":"5"}}]}
            """;
        (await _server.PostAsync(Path, "{\"metadata\":{\"name\":\"a\"},\"spec\":" + spec + "}")).Expect(201);
        const string Today = "/apis/autoscaling/v2/namespaces/default/horizontalpodautoscalers/a";
        var metrics = (await TodayAsync(Today))["spec"]!["metrics"]!;
        Assert.Equal(60, (int?)metrics[0]!["resource"]!["target"]!["averageUtilization"]);
        Assert.Equal("hits", (string?)metrics[1]!["pods"]!["metric"]!["name"]);
        (await _server.PatchAsync(Today, """{"spec":{"behavior":{"scaleDown":{"stabilizationWindowSeconds":7}}}}""")).Expect(200);
        var shown = (await _server.GetAsync(Path + "/a")).Expect(200).Json;
        Assert.Equal(60, (int?)shown["spec"]!["metrics"]![0]!["resource"]!["targetAverageUtilization"]);
        (await _server.SendAsync(HttpMethod.Put, Path + "/a", shown.ToJsonString())).Expect(200);
        Assert.Equal(7, (int?)(await TodayAsync(Today))["spec"]!["behavior"]!["scaleDown"]!["stabilizationWindowSeconds"]);
    }

    [Fact]
    public async Task EndpointSlice_OfBeta_KeepsItsPlaceInOneMap()
    {
        const string Path = "/apis/discovery.k8s.io/v1beta1/namespaces/default/endpointslices";
        (await _server.PostAsync(Path, """
            {"metadata":{"name":"s"},"addressType":"IPv4","endpoints":[{"addresses":["10.0.0.1"],
            "topology":{"kubernetes.io/hostname":"n","topology.kubernetes.io/zone":"z","rack":"r"}}]}
            """)).Expect(201);
        var endpoint = (await TodayAsync("/apis/discovery.k8s.io/v1/namespaces/default/endpointslices/s"))["endpoints"]![0]!;
        Assert.Equal("n z r", $"{endpoint["nodeName"]} {endpoint["zone"]} {endpoint["deprecatedTopology"]!["rack"]}");
        var shown = (await _server.GetAsync(Path + "/s")).Expect(200).Json["endpoints"]![0]!["topology"]!;
        Assert.Equal("n z r", $"{shown["kubernetes.io/hostname"]} {shown["topology.kubernetes.io/zone"]} {shown["rack"]}");
    }

    [Fact]
    public async Task Event_OfBeta_IsAnEvent()
    {
        (await _server.PostAsync("/apis/events.k8s.io/v1beta1/namespaces/default/events", """
            {"metadata":{"name":"e"},"eventTime":"2020-01-01T00:00:00.000000Z","reportingController":"example.com/c","reportingInstance":"i","action":"Acted",
            "reason":"Because","regarding":{"kind":"Pod","namespace":"default","name":"p"},"note":"said","type":"Normal"}
            """)).Expect(201);
        Assert.Equal("said", (string?)(await TodayAsync("/api/v1/namespaces/default/events/e"))["message"]);
    }

    [Fact]
    public async Task CertificateRequest_OfBeta_NeedNotNameItsSigner()
    {
        var request = Convert.ToBase64String("-----BEGIN CERTIFICATE REQUEST-----\nMIIB\n-----END CERTIFICATE REQUEST-----\n"u8);
        (await _server.PostAsync("/apis/certificates.k8s.io/v1beta1/certificatesigningrequests",
            "{\"metadata\":{\"name\":\"r\"},\"spec\":{\"request\":\"" + request + "\"}}")).Expect(201);
        var today = (await TodayAsync("/apis/certificates.k8s.io/v1/certificatesigningrequests/r"))["spec"]!;
        Assert.Equal("kubernetes.io/legacy-unknown", (string?)today["signerName"]);
        Assert.Equal(2, today["usages"]!.AsArray().Count);
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
