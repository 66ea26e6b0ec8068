using System.Text.Json.Nodes;

namespace Coxswain.ApiServer.Tests.CustomResources;

/// <summary>A definition serves what it defines, as any client sees it.</summary>
public sealed class CustomResourceDefinitionTests : IAsyncLifetime
{
    private const string Widgets = "/apis/example.com/v1/namespaces/default/widgets";

    private TestServer _server = null!; // set before any test

    public async Task InitializeAsync() => _server = await TestServer.StartAsync();

    public async Task DisposeAsync() => await _server.DisposeAsync();

    [Fact]
    public async Task Create_IsEstablishedAndServed()
    {
        await Definitions.EstablishAsync(_server, Definitions.Body(Definitions.Version("v1")));
        var definition = (await _server.GetAsync($"{Definitions.Path}/widgets.example.com")).Expect(200).Json;
        Assert.Equal("v1", (string?)definition["status"]!["storedVersions"]![0]);
        Assert.Equal("widget", (string?)definition["status"]!["acceptedNames"]!["singular"]);
        Assert.Equal("WidgetList", (string?)definition["spec"]!["names"]!["listKind"]);
        var created = (await _server.PostAsync(Widgets, Definitions.Object("a", """{"size":2,"unknown":1}"""))).Expect(201);
        Assert.Equal("""{"size":2,"color":"red"}""", created.Json["spec"]!.ToJsonString());
        Assert.Contains(created.Warnings, warning => warning.Contains("unknown field", StringComparison.Ordinal));
        Assert.Equal(1, (int?)created.Json["metadata"]!["generation"]);
        Assert.Equal("WidgetList", (string?)(await _server.GetAsync(Widgets)).Expect(200).Json["kind"]);
        var resources = (await _server.GetAsync("/apis/example.com/v1")).Expect(200).Json["resources"]!.AsArray();
        Assert.Equal("wi", (string?)resources[0]!["shortNames"]![0]);
        var definitions = (await _server.GetAsync("/openapi/v2")).Expect(200).Json["definitions"]!.AsObject();
        Assert.Equal("A widget.", (string?)definitions["com.example.v1.Widget"]!["description"]);
    }

    [Theory]
    [InlineData("""{"size":0}""", "spec.size in body should be greater than or equal to 1")]
    [InlineData("""{}""", "spec.size: Required value")]
    [InlineData("""{"size":"x"}""", "spec.size in body must be of type integer: \"string\"")]
    [InlineData("""{"size":1,"ports":[{"name":"a"},{"name":"a"}]}""", "spec.ports[1]: Duplicate value")]
    public async Task Object_AgainstTheSchema_IsRefused(string spec, string expected)
    {
        await Definitions.EstablishAsync(_server, Definitions.Body(Definitions.Version("v1")));
        var refused = (await _server.PostAsync(Widgets, Definitions.Object("a", spec))).Expect(422);
        Assert.Contains(expected, refused.Message, StringComparison.Ordinal);
        Assert.Equal("Widget.example.com \"a\" is invalid", refused.Message[..refused.Message.IndexOf(':', StringComparison.Ordinal)]);
    }

    [Fact]
    public async Task Object_UnknownFieldUnderStrict_IsRefused()
    {
        await Definitions.EstablishAsync(_server, Definitions.Body(Definitions.Version("v1")));
        var refused = (await _server.PostAsync($"{Widgets}?fieldValidation=Strict", Definitions.Object("a", """{"size":1,"colour":"x"}"""))).Expect(400);
        Assert.Contains("unknown field \"spec.colour\"", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Object_PatchedByStrategicMerge_Is415AndByJsonPatchChanged()
    {
        await Definitions.EstablishAsync(_server, Definitions.Body(Definitions.Version("v1")));
        (await _server.PostAsync(Widgets, Definitions.Object("a", """{"size":1}"""))).Expect(201);
        (await _server.PatchAsync($"{Widgets}/a", """{"spec":{"size":2}}""", "strategic-merge")).Expect(415);
        var patched = (await _server.PatchAsync($"{Widgets}/a", """[{"op":"replace","path":"/spec/size","value":3}]""", "json")).Expect(200);
        Assert.Equal(2, (int?)patched.Json["metadata"]!["generation"]);
    }

    [Fact]
    public async Task Subresources_StatusAndScale_ChangeOnlyTheirs()
    {
        const string More = ""","subresources":{"status":{},"scale":{"specReplicasPath":".spec.size","statusReplicasPath":".status.replicas","labelSelectorPath":".status.selector"}}""";
        await Definitions.EstablishAsync(_server, Definitions.Body(Definitions.Version("v1", more: More)));
        var created = (await _server.PostAsync(Widgets, Definitions.Object("a", """{"size":1},"status":{"ready":true}"""))).Expect(201);
        Assert.Null(created.Json["status"]);
        var status = (await _server.PatchAsync($"{Widgets}/a/status", """{"status":{"replicas":1,"selector":"a=b"},"spec":{"size":9}}""")).Expect(200);
        Assert.Equal(1, (int?)status.Json["spec"]!["size"]);
        Assert.Equal(1, (int?)status.Json["metadata"]!["generation"]);
        var scale = (await _server.GetAsync($"{Widgets}/a/scale")).Expect(200).Json;
        Assert.Equal("""{"replicas":1,"selector":"a=b"}""", scale["status"]!.ToJsonString());
        var scaled = (await _server.PatchAsync($"{Widgets}/a/scale", """{"spec":{"replicas":4}}""")).Expect(200).Json;
        Assert.Equal(4, (int?)scaled["spec"]!["replicas"]);
        var after = (await _server.GetAsync($"{Widgets}/a")).Expect(200).Json;
        Assert.Equal(4, (int?)after["spec"]!["size"]);
        Assert.Equal(2, (int?)after["metadata"]!["generation"]);
    }

    [Fact]
    public async Task Table_HasTheColumnsOfItsVersion()
    {
        const string More = ""","additionalPrinterColumns":[{"name":"Size","type":"integer","jsonPath":".spec.size"},{"name":"First","type":"string","jsonPath":".spec.ports[?(@.name==\"b\")].port"},{"name":"Born","type":"date","jsonPath":".metadata.creationTimestamp"}]""";
        await Definitions.EstablishAsync(_server, Definitions.Body(Definitions.Version("v1", more: More)));
        (await _server.PostAsync(Widgets, Definitions.Object("a", """{"size":1,"ports":[{"name":"a","port":1},{"name":"b","port":"http"}]}"""))).Expect(201);
        using var request = new HttpRequestMessage(HttpMethod.Get, Widgets);
        request.Headers.TryAddWithoutValidation("Accept", "application/json;as=Table;v=v1;g=meta.k8s.io");
        using var answer = await _server.Http.SendAsync(request);
        var table = JsonNode.Parse(await answer.Content.ReadAsStringAsync())!;
        Assert.Equal(["Name", "Size", "First", "Born"], table["columnDefinitions"]!.AsArray().Select(column => (string?)column!["name"]));
        Assert.StartsWith("[\"a\",1,\"http\",\"", table["rows"]![0]!["cells"]!.ToJsonString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task SelectableFields_SelectObjects()
    {
        await Definitions.EstablishAsync(_server, Definitions.Body(Definitions.Version("v1", more: ""","selectableFields":[{"jsonPath":".spec.color"}]""")));
        (await _server.PostAsync(Widgets, Definitions.Object("a", """{"size":1}"""))).Expect(201);
        (await _server.PostAsync(Widgets, Definitions.Object("b", """{"size":1,"color":"blue"}"""))).Expect(201);
        var blue = (await _server.GetAsync($"{Widgets}?fieldSelector=spec.color%3Dblue")).Expect(200).Json["items"]!.AsArray();
        Assert.Equal("b", (string?)Assert.Single(blue)!["metadata"]!["name"]);
        (await _server.GetAsync($"{Widgets}?fieldSelector=spec.size%3D1")).Expect(400);
    }

    [Fact]
    public async Task Versions_WithoutConversion_ShowTheSameObject()
    {
        const string Narrow = """{"type":"object","properties":{"spec":{"type":"object","properties":{"size":{"type":"integer"},"extra":{"type":"string","default":"x"}}}}}""";
        await Definitions.EstablishAsync(_server, Definitions.Body(
            $"{Definitions.Version("v1")},{Definitions.Version("v2beta1", storage: false, schema: Narrow, more: ",\"deprecated\":true")}"));
        (await _server.PostAsync(Widgets, Definitions.Object("a", """{"size":2}"""))).Expect(201);
        var shown = (await _server.GetAsync("/apis/example.com/v2beta1/namespaces/default/widgets/a")).Expect(200);
        Assert.Equal("example.com/v2beta1", (string?)shown.Json["apiVersion"]);
        Assert.Equal("""{"size":2}""", shown.Json["spec"]!.ToJsonString());
        Assert.Contains(shown.Warnings, warning => warning.Contains("example.com/v2beta1 Widget is deprecated", StringComparison.Ordinal));

        // What another version defaults is kept as far as the stored one knows it, and its own schema is what writes are held against.
        (await _server.PostAsync("/apis/example.com/v2beta1/namespaces/default/widgets", Definitions.Object("b", """{"size":-1}""", "v2beta1"))).Expect(201);
        (await _server.PatchAsync($"{Widgets}/b", """{"metadata":{"labels":{"a":"b"}}}""")).Expect(422);
    }

    [Fact]
    public async Task StorageVersion_Changed_OldObjectsAreReadAndMoved()
    {
        await Definitions.EstablishAsync(_server, Definitions.Body($"{Definitions.Version("v1")},{Definitions.Version("v2", storage: false)}"));
        (await _server.PostAsync(Widgets, Definitions.Object("a", """{"size":2}"""))).Expect(201);
        var known = _server.Host.Discovery.Current;
        (await _server.PatchAsync($"{Definitions.Path}/widgets.example.com",
            """[{"op":"replace","path":"/spec/versions/0/storage","value":false},{"op":"replace","path":"/spec/versions/1/storage","value":true}]""", "json")).Expect(200);
        await Definitions.WaitAsync(_server, "widgets.example.com", definition => definition!.Status.StoredVersions.SequenceEqual(["v1", "v2"]));
        await _server.UntilAsync(() => _server.Host.Catalogue.Find("example.com", "v1", "widgets")?.Storage.Resource.Version == "v2");
        var list = (await _server.GetAsync(Widgets)).Expect(200).Json["items"]!.AsArray();
        Assert.Equal("example.com/v1", (string?)Assert.Single(list)!["apiVersion"]);
        var stored = (await _server.Store.GetAsync("/registry/example.com/widgets/default/a", default))!;
        Assert.Contains("example.com/v1", System.Text.Encoding.UTF8.GetString(stored.Value.Span), StringComparison.Ordinal);

        // A write that changes nothing else brings it into the new version.
        (await _server.PatchAsync($"{Widgets}/a", "{}")).Expect(200);
        stored = (await _server.Store.GetAsync("/registry/example.com/widgets/default/a", default))!;
        Assert.Contains("example.com/v2", System.Text.Encoding.UTF8.GetString(stored.Value.Span), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Default_AddedLater_IsSeenOnObjectsOfBefore()
    {
        await Definitions.EstablishAsync(_server, Definitions.Body(Definitions.Version("v1")));
        (await _server.PostAsync(Widgets, Definitions.Object("a", """{"size":2}"""))).Expect(201);
        var before = _server.Host.Catalogue.Find("example.com", "v1", "widgets");
        (await _server.PatchAsync($"{Definitions.Path}/widgets.example.com",
            """[{"op":"add","path":"/spec/versions/0/schema/openAPIV3Schema/properties/spec/properties/weight","value":{"type":"integer","default":7}},{"op":"remove","path":"/spec/versions/0/schema/openAPIV3Schema/properties/spec/properties/color"}]""", "json")).Expect(200);
        await _server.UntilAsync(() => _server.Host.Catalogue.Find("example.com", "v1", "widgets") != before);
        Assert.Equal("""{"size":2,"weight":7}""", (await _server.GetAsync($"{Widgets}/a")).Expect(200).Json["spec"]!.ToJsonString());
    }

    [Fact]
    public async Task Delete_TakesItsObjectsWithIt()
    {
        await Definitions.EstablishAsync(_server, Definitions.Body(Definitions.Version("v1")));
        (await _server.PostAsync(Widgets, Definitions.Object("a", """{"size":2}"""))).Expect(201);
        (await _server.PostAsync(Widgets, Definitions.Object("held", """{"size":2}""").Replace("\"name\":\"held\"", "\"name\":\"held\",\"finalizers\":[\"example.com/f\"]", StringComparison.Ordinal))).Expect(201);
        (await _server.SendAsync(HttpMethod.Delete, $"{Definitions.Path}/widgets.example.com")).Expect(200);
        await Definitions.WaitAsync(_server, "widgets.example.com", definition => Definitions.IsTrue(definition, "Terminating"));
        await _server.UntilAsync(() => _server.Host.Catalogue.Find("example.com", "v1", "widgets") is { } found && !found.Allows("create"));
        (await _server.PostAsync(Widgets, Definitions.Object("b", """{"size":2}"""))).Expect(405);
        (await _server.PatchAsync($"{Widgets}/held", """{"metadata":{"finalizers":null}}""")).Expect(200);
        await Definitions.WaitAsync(_server, "widgets.example.com", definition => definition is null);
        await _server.UntilAsync(() => _server.Host.Catalogue.Find("example.com", "v1", "widgets") is null);
        (await _server.GetAsync(Widgets)).Expect(404);
        Assert.Null(await _server.Store.GetAsync("/registry/example.com/widgets/default/a", default));
    }

    [Fact]
    public async Task Names_TakenByAnother_AreNotAccepted()
    {
        await Definitions.EstablishAsync(_server, Definitions.Body(Definitions.Version("v1")));
        (await _server.PostAsync(Definitions.Path, Definitions.Body(Definitions.Version("v1"), plural: "wigs"))).Expect(201);
        await Definitions.WaitAsync(_server, "wigs.example.com", definition => definition!.Status.Conditions.Any(condition =>
            condition is { Type: "NamesAccepted", Status: "False", Reason: "ListKindConflict" or "ShortNamesConflict" or "KindConflict" }));
        (await _server.GetAsync("/apis/example.com/v1/namespaces/default/wigs")).Expect(404);

        // Once the names are free the other one gets them.
        (await _server.SendAsync(HttpMethod.Delete, $"{Definitions.Path}/widgets.example.com")).Expect(200);
        await Definitions.WaitAsync(_server, "wigs.example.com", definition => Definitions.IsTrue(definition, "Established"));
    }

    [Fact]
    public async Task Restart_ServesWhatIsStored()
    {
        await Definitions.EstablishAsync(_server, Definitions.Body(Definitions.Version("v1")));
        (await _server.PostAsync(Widgets, Definitions.Object("a", """{"size":2}"""))).Expect(201);
        await _server.Host.StopAsync(default);
        await using var next = _server.NewHost(_server.Store, TimeProvider.System);
        await next.StartAsync(default);
        Assert.NotNull(next.Catalogue.Find("example.com", "v1", "widgets"));
    }

    [Fact]
    public async Task Update_WithoutResourceVersion_IsRefused()
    {
        await Definitions.EstablishAsync(_server, Definitions.Body(Definitions.Version("v1")));
        (await _server.PostAsync(Widgets, Definitions.Object("a", """{"size":2}"""))).Expect(201);
        var refused = (await _server.SendAsync(HttpMethod.Put, $"{Widgets}/a", Definitions.Object("a", """{"size":3}"""))).Expect(422);
        Assert.Contains("metadata.resourceVersion: Invalid value", refused.Message, StringComparison.Ordinal);
    }
}
