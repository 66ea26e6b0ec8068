using System.Text.Json.Nodes;
using Coxswain.Api.Events.V1;
using Coxswain.Client;
using CoreEvent = Coxswain.Api.Core.V1.Event;

namespace Coxswain.ApiServer.Tests.Conversion;

public sealed class VersionTests : IAsyncLifetime
{
    private const string V1 = "/apis/autoscaling/v1/namespaces/default/horizontalpodautoscalers";
    private const string V2 = "/apis/autoscaling/v2/namespaces/default/horizontalpodautoscalers";
    private const string CoreEvents = "/api/v1/namespaces/default/events";
    private const string NewEvents = "/apis/events.k8s.io/v1/namespaces/default/events";

    private TestServer _server = null!;

    public async Task InitializeAsync() => _server = await TestServer.StartAsync();

    public async Task DisposeAsync() => await _server.DisposeAsync();

    [Fact]
    public async Task Autoscaler_CreatedAtV1_IsAMetricAtV2()
    {
        var body = """
            {"apiVersion":"autoscaling/v1","kind":"HorizontalPodAutoscaler","metadata":{"name":"web"},
             "spec":{"scaleTargetRef":{"apiVersion":"apps/v1","kind":"Deployment","name":"web"},"minReplicas":2,"maxReplicas":5,"targetCPUUtilizationPercentage":70}}
            """;
        var created = (await _server.PostAsync(V1, body)).Expect(201).Json;
        Assert.Equal("autoscaling/v1", (string?)created["apiVersion"]);
        Assert.Equal(70, (int?)created["spec"]!["targetCPUUtilizationPercentage"]);
        Assert.Null(created["spec"]!["metrics"]);
        var stored = (await _server.GetAsync(V2 + "/web")).Expect(200).Json;
        Assert.Equal("autoscaling/v2", (string?)stored["apiVersion"]);
        Assert.Equal("""[{"type":"Resource","resource":{"name":"cpu","target":{"type":"Utilization","averageUtilization":70}}}]""",
            stored["spec"]!["metrics"]!.ToJsonString());
        Assert.Equal((string?)created["metadata"]!["resourceVersion"], (string?)stored["metadata"]!["resourceVersion"]);
    }

    [Fact]
    public async Task Autoscaler_UpdatedAtV1_LosesNothingOfV2()
    {
        var body = """
            {"apiVersion":"autoscaling/v2","kind":"HorizontalPodAutoscaler","metadata":{"name":"web","annotations":{"own":"1"}},
             "spec":{"scaleTargetRef":{"apiVersion":"apps/v1","kind":"Deployment","name":"web"},"minReplicas":1,"maxReplicas":5,
              "metrics":[
               {"type":"Pods","pods":{"metric":{"name":"rps","selector":{"matchLabels":{"a":"b"}}},"target":{"type":"AverageValue","averageValue":"10"}}},
               {"type":"Object","object":{"describedObject":{"apiVersion":"v1","kind":"Service","name":"s"},"metric":{"name":"hits"},"target":{"type":"Value","value":"2k"}}},
               {"type":"External","external":{"metric":{"name":"queue","selector":{"matchLabels":{"q":"x"}}},"target":{"type":"AverageValue","averageValue":"30"}}},
               {"type":"ContainerResource","containerResource":{"name":"memory","container":"app","target":{"type":"AverageValue","averageValue":"1Gi"}}},
               {"type":"Resource","resource":{"name":"cpu","target":{"type":"Utilization","averageUtilization":50}}}],
              "behavior":{"scaleDown":{"stabilizationWindowSeconds":60}}}}
            """;
        var before = (await _server.PostAsync(V2, body)).Expect(201).Json["spec"]!;
        (await _server.PatchAsync(V2 + "/web/status", """
            {"status":{"currentReplicas":1,"desiredReplicas":2,"conditions":[{"type":"AbleToScale","status":"True"}],
             "currentMetrics":[{"type":"Resource","resource":{"name":"cpu","current":{"averageUtilization":40,"averageValue":"100m"}}}]}}
            """)).Expect(200);
        var old = (await _server.GetAsync(V1 + "/web")).Expect(200).Json;
        Assert.Equal(50, (int?)old["spec"]!["targetCPUUtilizationPercentage"]);
        Assert.Equal(40, (int?)old["status"]!["currentCPUUtilizationPercentage"]);
        var annotations = old["metadata"]!["annotations"]!.AsObject();
        Assert.Equal(["own", .. new[] { "behavior", "conditions", "current-metrics", "metrics" }.Select(name => "autoscaling.alpha.kubernetes.io/" + name)],
            annotations.Select(annotation => annotation.Key).OrderBy(key => key != "own").ThenBy(key => key, StringComparer.Ordinal));
        Assert.Contains("\"targetAverageValue\":\"10\"", (string?)annotations["autoscaling.alpha.kubernetes.io/metrics"], StringComparison.Ordinal);
        old["spec"]!["maxReplicas"] = 9;
        (await _server.SendAsync(HttpMethod.Put, V1 + "/web", old.ToJsonString())).Expect(200);
        var after = (await _server.GetAsync(V2 + "/web")).Expect(200).Json;
        before["maxReplicas"] = 9;
        Assert.True(JsonNode.DeepEquals(before, after["spec"]), after["spec"]!.ToJsonString());
        Assert.Equal("""{"own":"1"}""", after["metadata"]!["annotations"]!.ToJsonString());
        Assert.Equal("AbleToScale", (string?)after["status"]!["conditions"]![0]!["type"]);
    }

    [Fact]
    public async Task Autoscaler_PatchedAtV1_ChangesTheMetric()
    {
        await _server.PostAsync(V1, """
            {"metadata":{"name":"web"},"spec":{"scaleTargetRef":{"kind":"Deployment","name":"web"},"maxReplicas":5,"targetCPUUtilizationPercentage":70}}
            """);
        (await _server.PatchAsync(V1 + "/web", """{"spec":{"targetCPUUtilizationPercentage":20}}""", "strategic-merge")).Expect(200);
        Assert.Equal(20, (int?)(await _server.GetAsync(V2 + "/web")).Json["spec"]!["metrics"]![0]!["resource"]!["target"]!["averageUtilization"]);
    }

    [Fact]
    public async Task Discovery_PrefersTheNewerVersion()
    {
        var autoscaling = (await _server.GetAsync("/apis/autoscaling")).Expect(200).Json;
        Assert.Equal("v2", (string?)autoscaling["preferredVersion"]!["version"]);
        Assert.Equal(["v2", "v1", "v2beta2", "v2beta1"], autoscaling["versions"]!.AsArray().Select(version => (string?)version!["version"]));
        Assert.Contains("apis/autoscaling/v1", (await _server.GetAsync("/openapi/v3")).Json["paths"]!.AsObject().Select(path => path.Key));
    }

    [Fact]
    public async Task Events_OfBothGroups_AreOneStore()
    {
        (await _server.PostAsync(CoreEvents, """
            {"metadata":{"name":"old"},"involvedObject":{"kind":"Pod","name":"p","namespace":"default"},"reason":"Started","message":"it runs",
             "source":{"component":"kubelet","host":"n"},"firstTimestamp":"2026-01-01T00:00:00Z","lastTimestamp":"2026-01-01T00:00:01Z","count":3,"type":"Normal"}
            """)).Expect(201);
        (await _server.PostAsync(NewEvents, """
            {"metadata":{"name":"new"},"regarding":{"kind":"Pod","name":"q","namespace":"default"},"reason":"Pulled","note":"it is there","action":"Pulling",
             "reportingController":"me","reportingInstance":"me-1","eventTime":"2026-01-01T00:00:00.000000Z","type":"Normal"}
            """)).Expect(201);
        var shown = (await _server.GetAsync(NewEvents + "/old")).Expect(200).Json;
        Assert.Equal("events.k8s.io/v1", (string?)shown["apiVersion"]);
        Assert.Equal("it runs", (string?)shown["note"]);
        Assert.Equal("p", (string?)shown["regarding"]!["name"]);
        Assert.Equal(3, (int?)shown["deprecatedCount"]);
        Assert.Equal("kubelet", (string?)shown["deprecatedSource"]!["component"]);
        Assert.Null(shown["message"]);
        var stored = (await _server.GetAsync(CoreEvents + "/new")).Expect(200).Json;
        Assert.Equal("it is there", (string?)stored["message"]);
        Assert.Equal("me", (string?)stored["reportingComponent"]);

        var lists = await Task.WhenAll(_server.GetAsync(CoreEvents), _server.GetAsync(NewEvents));
        Assert.Equal("EventList", (string?)lists[1].Json["kind"]);
        Assert.All(lists[1].Json["items"]!.AsArray(), item => Assert.Equal("events.k8s.io/v1", (string?)item!["apiVersion"]));
        Assert.Equal(lists[0].Json["items"]!.AsArray().Select(item => (string?)item!["metadata"]!["resourceVersion"]),
            lists[1].Json["items"]!.AsArray().Select(item => (string?)item!["metadata"]!["resourceVersion"]));
    }

    [Theory]
    [InlineData(CoreEvents, "involvedObject.name%3Dp")]
    [InlineData(NewEvents, "regarding.name%3Dp")]
    public async Task Events_SelectedByField_AreFoundInBothVersions(string path, string selector)
    {
        foreach (var name in (string[])["p", "q"])
        {
            await _server.PostAsync(CoreEvents, $$$"""{"metadata":{"name":"{{{name}}}"},"involvedObject":{"name":"{{{name}}}","namespace":"default"}}""");
        }

        Assert.Equal("p", (string?)Assert.Single((await _server.GetAsync($"{path}?fieldSelector={selector}")).Expect(200).Json["items"]!.AsArray())!["metadata"]!["name"]);
    }

    [Fact]
    public async Task Events_WatchedInTheOtherVersion_HaveItsShapeAndTheStoresRevision()
    {
        using var cancellation = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        var list = await _server.Admin.ListAsync<Event>("default", new ListQuery(), cancellation.Token);
        await using var events = _server.Admin.WatchAsync<Event>("default", new WatchQuery(list.Metadata.ResourceVersion), cancellation.Token)
            .GetAsyncEnumerator(cancellation.Token);
        var next = events.MoveNextAsync();
        var created = await _server.Admin.CreateAsync(
            new CoreEvent { Metadata = new() { Name = "a", Namespace = "default" }, InvolvedObject = new() { Name = "p", Namespace = "default" }, Message = "hello" }, cancellation.Token);
        Assert.True(await next);
        Assert.Equal("hello", events.Current.Object.Note);
        Assert.Equal(created.Metadata.ResourceVersion, events.Current.Object.Metadata.ResourceVersion);
    }
}
