namespace Coxswain.ApiServer.Tests.CustomResources;

/// <summary>A definition's expressions decide about its objects.</summary>
public sealed class ValidationRuleTests : IAsyncLifetime
{
    private const string Widgets = "/apis/example.com/v1/namespaces/default/widgets";

    private const string Schema = """
        {"type":"object","properties":{
          "spec":{"type":"object",
            "x-kubernetes-validations":[
              {"rule":"self.min <= self.max","message":"min must not be above max"},
              {"rule":"!has(self.until) || self.until > timestamp('2020-01-01T00:00:00Z')","messageExpression":"'too early: ' + string(self.until)","fieldPath":".until"}],
            "properties":{
              "min":{"type":"integer"},"max":{"type":"integer"},"until":{"type":"string","format":"date-time"},
              "name":{"type":"string","x-kubernetes-validations":[{"rule":"self == oldSelf","message":"name is immutable","reason":"FieldValueForbidden"}]},
              "a-b":{"type":"number"},
              "ports":{"type":"array","x-kubernetes-list-type":"map","x-kubernetes-list-map-keys":["id"],"items":{"type":"object","required":["id"],
                "x-kubernetes-validations":[{"rule":"self.port >= oldSelf.port"}],"properties":{"id":{"type":"string"},"port":{"type":"integer"}}}}}},
          "status":{"type":"object","x-kubernetes-validations":[{"rule":"self.used <= 10"}],"properties":{"used":{"type":"integer"}}}}}
        """;

    private TestServer _server = null!; // set before any test

    public async Task InitializeAsync()
    {
        _server = await TestServer.StartAsync();
        await Definitions.EstablishAsync(_server, Definitions.Body(Definitions.Version("v1", schema: Schema, more: ""","subresources":{"status":{}}""")));
    }

    public async Task DisposeAsync() => await _server.DisposeAsync();

    [Theory]
    [InlineData("""{"min":3,"max":2}""", "spec: Invalid value: \"object\": min must not be above max")]
    [InlineData("""{"min":1,"max":2,"until":"2019-01-01T00:00:00Z"}""", "spec.until: Invalid value: \"object\": too early: 2019-01-01T00:00:00Z")]
    [InlineData("""{"max":2}""", "spec: Invalid value: \"object\": no such key: min evaluating rule: min must not be above max")]
    public async Task Create_AgainstARule_IsRefusedInItsWords(string spec, string expected) =>
        Assert.Contains(expected, (await _server.PostAsync(Widgets, Definitions.Object("a", spec))).Expect(422).Message, StringComparison.Ordinal);

    [Fact]
    public async Task Update_AgainstATransitionRule_IsRefused()
    {
        (await _server.PostAsync(Widgets, Definitions.Object("a", """{"min":1,"max":2,"name":"x","ports":[{"id":"p","port":5}]}"""))).Expect(201);
        Assert.Contains("spec.name: Forbidden: name is immutable",
            (await _server.PatchAsync($"{Widgets}/a", """{"spec":{"name":"y"}}""")).Expect(422).Message, StringComparison.Ordinal);
        Assert.Contains("spec.ports[1]: Invalid value: \"object\": failed rule: self.port >= oldSelf.port",
            (await _server.PatchAsync($"{Widgets}/a", """{"spec":{"ports":[{"id":"new","port":1},{"id":"p","port":4}]}}""")).Expect(422).Message, StringComparison.Ordinal);
        (await _server.PatchAsync($"{Widgets}/a", """{"spec":{"ports":[{"id":"new","port":1},{"id":"p","port":6}]}}""")).Expect(200);
    }

    [Fact]
    public async Task Status_IsHeldToItsRules()
    {
        (await _server.PostAsync(Widgets, Definitions.Object("a", """{"min":1,"max":2}"""))).Expect(201);
        (await _server.PatchAsync($"{Widgets}/a/status", """{"status":{"used":11}}""")).Expect(422);
        (await _server.PatchAsync($"{Widgets}/a/status", """{"status":{"used":10}}""")).Expect(200);
    }

    [Fact]
    public async Task Rule_AddedLater_LeavesWhatIsUnchangedAlone()
    {
        (await _server.PostAsync(Widgets, Definitions.Object("a", """{"min":1,"max":2}"""))).Expect(201);
        var before = _server.Host.Catalogue.Find("example.com", "v1", "widgets");
        (await _server.PatchAsync($"{Definitions.Path}/widgets.example.com",
            """[{"op":"replace","path":"/spec/versions/0/schema/openAPIV3Schema/properties/spec/x-kubernetes-validations","value":[{"rule":"self.max > 100"}]}]""", "json")).Expect(200);
        await _server.UntilAsync(() => _server.Host.Catalogue.Find("example.com", "v1", "widgets") != before);
        (await _server.PatchAsync($"{Widgets}/a", """{"metadata":{"labels":{"x":"y"}}}""")).Expect(200);
        (await _server.PatchAsync($"{Widgets}/a", """{"spec":{"max":3}}""")).Expect(422);
    }

    [Fact]
    public async Task Definition_WithARuleThatIsNone_IsRefused()
    {
        const string Bad = """{"type":"object","properties":{"spec":{"type":"object","x-kubernetes-validations":[{"rule":"self.a >"}]}}}""";
        var refused = (await _server.PostAsync(Definitions.Path, Definitions.Body(Definitions.Version("v1", schema: Bad), plural: "others", kind: "Other"))).Expect(422);
        Assert.Contains("x-kubernetes-validations[0].rule", refused.Message, StringComparison.Ordinal);
        Assert.Contains("compilation failed", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Rule_ThatCostsTooMuch_IsEnded()
    {
        const string Costly = """
            {"type":"object","properties":{"spec":{"type":"object","properties":{"l":{"type":"array","items":{"type":"integer"},
             "x-kubernetes-validations":[{"rule":"self.all(a, self.all(b, self.all(c, a + b + c >= 0)))"}]}}}}}
            """;
        await Definitions.EstablishAsync(_server, Definitions.Body(Definitions.Version("v1", schema: Costly), plural: "others", kind: "Other"));
        var list = string.Join(',', Enumerable.Range(0, 1000));
        var refused = (await _server.PostAsync("/apis/example.com/v1/namespaces/default/others", Definitions.Object("a", $$"""{"l":[{{list}}]}""", kind: "Other"))).Expect(422);
        Assert.Contains("no further validation rules will be run", refused.Message, StringComparison.Ordinal);
    }
}
