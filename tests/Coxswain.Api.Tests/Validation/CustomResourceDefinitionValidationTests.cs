using System.Text.Json.Nodes;
using Coxswain.Api.Validation;

namespace Coxswain.Api.Tests;

public sealed class CustomResourceDefinitionValidationTests
{
    private const string Root = "spec.validation.openAPIV3Schema";

    [Theory]
    [InlineData("""{"properties":{}}""", $"{Root}.type: Required value: must not be empty at the root")]
    [InlineData("""{"type":"object","properties":{"a":{}}}""", $"{Root}.properties[a].type: Required value: must not be empty for specified object fields")]
    [InlineData("""{"type":"object","properties":{"a":{"type":"array","items":{}}}}""", $"{Root}.properties[a].items.type: Required value: must not be empty for specified array items")]
    [InlineData("""{"type":"object","properties":{"a":{"type":"text"}}}""", $"{Root}.properties[a].type: Unsupported value: \"text\"")]
    [InlineData("""{"type":"object","properties":{"a":{"type":"string","$ref":"#/x"}}}""", $"{Root}.properties[a].$ref: Forbidden")]
    [InlineData("""{"type":"object","properties":{"a":{"type":"array","uniqueItems":true,"items":{"type":"string"}}}}""", $"{Root}.properties[a].uniqueItems: Forbidden")]
    [InlineData("""{"type":"object","properties":{"a":{"type":"object","additionalProperties":false}}}""", $"{Root}.properties[a].additionalProperties: Forbidden: additionalProperties cannot be set to false")]
    [InlineData("""{"type":"object","properties":{"a":{"type":"string","pattern":"("}}}""", $"{Root}.properties[a].pattern: Invalid value: \"(\": must be a valid regular expression")]
    [InlineData("""{"type":"object","properties":{"a":{"type":"integer","default":"x"}}}""", $"{Root}.properties[a].default: Invalid value")]
    [InlineData("""{"type":"object","properties":{"a":{"type":"object","default":{"b":1}}}}""", $"{Root}.properties[a].default: Invalid value: \"\": must not have unknown fields")]
    [InlineData("""{"type":"object","anyOf":[{"properties":{"a":{"minimum":1}}}]}""", $"{Root}.anyOf[0].properties[a]: Required value")]
    [InlineData("""{"type":"object","properties":{"a":{"type":"integer"}},"anyOf":[{"properties":{"a":{"type":"integer"}}}]}""", $"{Root}.anyOf[0].properties[a].type: Forbidden: must be empty to be structural")]
    [InlineData("""{"type":"object","properties":{"metadata":{"type":"object","properties":{"labels":{"type":"object"}}}}}""", $"{Root}.properties[metadata]: Forbidden: must not specify anything other than name and generateName")]
    [InlineData("""{"type":"object","properties":{"a":{"type":"array","x-kubernetes-list-type":"map","items":{"type":"object"}}}}""", $"{Root}.properties[a].x-kubernetes-list-map-keys: Required value")]
    [InlineData("""{"type":"object","properties":{"a":{"type":"array","x-kubernetes-list-type":"map","x-kubernetes-list-map-keys":["k"],"items":{"type":"object","properties":{"k":{"type":"string"}}}}}}""", $"{Root}.properties[a].items.properties[k].default: Required value")]
    [InlineData("""{"type":"object","properties":{"a":{"type":"array","x-kubernetes-list-type":"set","items":{"type":"object"}}}}""", $"{Root}.properties[a].items.x-kubernetes-map-type: Invalid value")]
    [InlineData("""{"type":"object","properties":{"a":{"type":"string","x-kubernetes-int-or-string":true}}}""", $"{Root}.properties[a].type: Invalid value: \"string\": must be empty if x-kubernetes-int-or-string is specified")]
    public void Schema_NotStructural_IsRefused(string schema, string expected) =>
        Assert.Contains(Errors(Definition(schema)), error => error.StartsWith(expected, StringComparison.Ordinal));

    [Theory]
    [InlineData("""{"type":"object","x-kubernetes-preserve-unknown-fields":true}""")]
    [InlineData("""{"type":"object","properties":{"metadata":{"type":"object","properties":{"name":{"type":"string","maxLength":5}}}}}""")]
    [InlineData("""{"type":"object","properties":{"a":{"anyOf":[{"type":"integer"},{"type":"string"}],"x-kubernetes-int-or-string":true,"pattern":"^[0-9]+$"}}}""")]
    [InlineData("""{"type":"object","properties":{"a":{"type":"array","x-kubernetes-list-type":"map","x-kubernetes-list-map-keys":["k"],"items":{"type":"object","properties":{"k":{"type":"string","default":"x"}}}}}}""")]
    [InlineData("""{"type":"object","properties":{"a":{"x-kubernetes-preserve-unknown-fields":true}}}""")]
    [InlineData("""{"type":"object","properties":{"a":{"type":"object","additionalProperties":{"type":"string"}}},"oneOf":[{"required":["a"]},{"required":["b"]}]}""")]
    public void Schema_Structural_IsTaken(string schema) => Assert.Empty(Errors(Definition(schema)));

    [Theory]
    [InlineData("metadata", """{"name":"other"}""", "metadata.name: Invalid value: \"other\"")]
    [InlineData("spec.scope", "\"Global\"", "spec.scope: Unsupported value")]
    [InlineData("spec.group", "\"example\"", "spec.group: Invalid value: \"example\": should be a domain with at least one dot")]
    [InlineData("spec.group", "\"apps.k8s.io\"", "metadata.annotations[api-approved.kubernetes.io]: Required value")]
    [InlineData("spec.versions", "[]", "spec.versions: Invalid value: \"\": must have exactly one version marked as storage version")]
    [InlineData("spec.conversion", """{"strategy":"Webhook"}""", "spec.conversion.webhook.clientConfig: Required value")]
    [InlineData("spec.preserveUnknownFields", "true", "spec.preserveUnknownFields: Invalid value: true")]
    public void Definition_BreaksARule_IsRefused(string field, string value, string expected)
    {
        var definition = Definition("""{"type":"object"}""");
        var steps = field.Split('.');
        steps[..^1].Aggregate(definition, (node, name) => node[name]!.AsObject())[steps[^1]] = JsonNode.Parse(value);
        Assert.Contains(Errors(definition), error => error.StartsWith(expected, StringComparison.Ordinal));
    }

    [Fact]
    public void Update_OfAStoredVersionTakenAway_IsRefused()
    {
        var old = Definition("""{"type":"object"}""");
        var definition = Definition("""{"type":"object"}""");
        definition["status"] = new JsonObject { ["storedVersions"] = new JsonArray("v0") };
        Assert.Contains(CustomResourceDefinitionValidation.Check(definition, old), error => error.Field == "status.storedVersions[0]");
    }

    [Fact]
    public void Schema_OfManyErrors_TellsABoundedNumber()
    {
        var properties = string.Join(',', Enumerable.Range(0, 5000).Select(i => $"\"p{i}\":{{}}"));
        Assert.Equal(100, Errors(Definition($$"""{"type":"object","properties":{{{properties}}} }""")).Count);
    }

    private static List<string> Errors(JsonObject definition) =>
        [.. CustomResourceDefinitionValidation.Check(definition, null).Select(error => error.ToString())];

    private static JsonObject Definition(string schema) => JsonNode.Parse($$"""
        {"metadata":{"name":"widgets.example.com"},
         "spec":{"group":"example.com","scope":"Namespaced","names":{"plural":"widgets","singular":"widget","kind":"Widget","listKind":"WidgetList"},
                 "versions":[{"name":"v1","served":true,"storage":true,"schema":{"openAPIV3Schema":{{schema}}} }]} }
        """)!.AsObject();
}
