using System.Text.Json.Nodes;
using Coxswain.Api.Decoding;
using Coxswain.Api.Schemata;
using Coxswain.Api.Validation;

namespace Coxswain.Api.Tests;

public class SchemaValidationTests
{
    [Theory]
    [InlineData("""{"type":"integer"}""", "\"x\"", """spec: Invalid value: "string": spec in body must be of type integer: "string" """)]
    [InlineData("""{"type":"integer"}""", "1.5", """spec: Invalid value: "number": spec in body must be of type integer: "number" """)]
    [InlineData("""{"type":"integer"}""", "2.0", "")]
    [InlineData("""{"type":"number"}""", "2", "")]
    [InlineData("""{"type":"string"}""", "true", """spec: Invalid value: "boolean": spec in body must be of type string: "boolean" """)]
    [InlineData("""{"type":"array","items":{"type":"string"}}""", """["a",null]""", """spec[1]: Invalid value: "null": spec[1] in body must be of type string: "null" """)]
    [InlineData("""{"type":"array","items":{"type":"string","nullable":true}}""", """["a",null]""", "")]
    [InlineData("""{"type":"object","required":["a"],"properties":{"a":{"type":"string"}}}""", "{}", "spec.a: Required value")]
    [InlineData("""{"type":"integer","minimum":1}""", "0", "spec: Invalid value: 0: spec in body should be greater than or equal to 1")]
    [InlineData("""{"type":"integer","minimum":1,"exclusiveMinimum":true}""", "1", "spec: Invalid value: 1: spec in body should be greater than 1")]
    [InlineData("""{"type":"integer","maximum":10}""", "11", "spec: Invalid value: 11: spec in body should be less than or equal to 10")]
    [InlineData("""{"type":"number","maximum":10,"exclusiveMaximum":true}""", "10", "spec: Invalid value: 10: spec in body should be less than 10")]
    [InlineData("""{"type":"integer","multipleOf":5}""", "7", "spec: Invalid value: 7: spec in body should be a multiple of 5")]
    [InlineData("""{"type":"integer","format":"int32"}""", "3000000000", "<nil>: Invalid value: \"\": Checked value must be of type integer with format int32 in spec")]
    [InlineData("""{"type":"string","minLength":2}""", "\"é\"", """spec: Invalid value: "é": spec in body should be at least 2 chars long""")]
    [InlineData("""{"type":"string","maxLength":2}""", "\"abc\"", "spec: Too long: may not be more than 2 bytes")]
    [InlineData("""{"type":"string","pattern":"^a+$"}""", "\"b\"", """spec: Invalid value: "b": spec in body should match '^a+$'""")]
    [InlineData("""{"type":"string","format":"ipv4"}""", "\"1.2.3\"", """spec: Invalid value: "1.2.3": spec in body must be of type ipv4: "1.2.3" """)]
    [InlineData("""{"type":"string","format":"unheard-of"}""", "\"x\"", "")]
    [InlineData("""{"type":"string","enum":["a","b"]}""", "\"c\"", """spec: Unsupported value: "c": supported values: "a", "b" """)]
    [InlineData("""{"type":"array","items":{"type":"string"},"minItems":1}""", "[]", "spec: Invalid value: []: spec in body should have at least 1 items")]
    [InlineData("""{"type":"array","items":{"type":"string"},"maxItems":1}""", """["a","b"]""", "spec: Too many: 2: must have at most 1 items")]
    [InlineData("""{"type":"array","items":{"type":"integer"},"uniqueItems":true}""", "[1,1]", "spec: Invalid value: [1,1]: spec in body shouldn't contain duplicates")]
    [InlineData("""{"type":"array","items":{"type":"integer"},"x-kubernetes-list-type":"set"}""", "[1,2,1]", "spec[2]: Duplicate value: 1")]
    [InlineData("""{"type":"array","items":{"type":"object","properties":{"n":{"type":"string"},"v":{"type":"string"}}},"x-kubernetes-list-type":"map","x-kubernetes-list-map-keys":["n"]}""",
        """[{"n":"a","v":"1"},{"n":"a","v":"2"}]""", """spec[1]: Duplicate value: {"n":"a"}""")]
    [InlineData("""{"type":"object","additionalProperties":{"type":"integer"},"minProperties":1}""", "{}", "spec: Invalid value: {}: spec in body should have at least 1 properties")]
    [InlineData("""{"type":"object","additionalProperties":{"type":"integer"},"maxProperties":1}""", """{"a":1,"b":2}""", "spec: Too many: 2: must have at most 1 items")]
    [InlineData("""{"type":"object","additionalProperties":{"type":"integer"}}""", """{"a":"x"}""", """spec.a: Invalid value: "string": spec.a in body must be of type integer: "string" """)]
    [InlineData("""{"x-kubernetes-int-or-string":true}""", "\"50%\"", "")]
    [InlineData("""{"x-kubernetes-int-or-string":true}""", "true", """spec: Invalid value: "boolean": spec in body must be of type integer,string: "boolean" """)]
    [InlineData("""{"x-kubernetes-int-or-string":true,"anyOf":[{"type":"integer"},{"type":"string"}]}""", "7", "")]
    [InlineData("""{"type":"object","x-kubernetes-embedded-resource":true,"x-kubernetes-preserve-unknown-fields":true}""", """{"kind":"A"}""", "spec.apiVersion: Required value: must not be empty")]
    [InlineData("""{"type":"object","properties":{"a":{"type":"string"},"b":{"type":"string"}},"oneOf":[{"required":["a"]},{"required":["b"]}]}""", """{"a":"1"}""", "")]
    [InlineData("""{"type":"object","properties":{"a":{"type":"string"},"b":{"type":"string"}},"oneOf":[{"required":["a"]},{"required":["b"]}]}""", """{"a":"1","b":"1"}""",
        """<nil>: Invalid value: "": "spec" must validate one and only one schema (oneOf). Found 2 valid alternatives""")]
    [InlineData("""{"type":"object","properties":{"a":{"type":"integer"}},"allOf":[{"properties":{"a":{"minimum":3}}}]}""", """{"a":1}""", "spec.a: Invalid value: 1: spec.a in body should be greater than or equal to 3")]
    [InlineData("""{"type":"object","properties":{"a":{"type":"integer"}},"not":{"required":["a"]}}""", """{"a":1}""", """<nil>: Invalid value: "": "spec" must not validate the schema (not)""")]
    public void Validate_OneValue_AnswersInKubernetesWords(string schema, string spec, string expected)
    {
        var root = StructuralSchemaTests.Root(schema);

        var errors = SchemaValidation.Validate(StructuralSchemaTests.Decode(root, spec).Document, root);

        Assert.Equal(expected.TrimEnd(), string.Join("; ", errors));
    }

    [Theory]
    [InlineData("date-time", "2026-01-02T03:04:05Z", "yesterday")]
    [InlineData("date", "2026-01-02", "2026-13-02")]
    [InlineData("duration", "1h30m", "soon")]
    [InlineData("byte", "aGVsbG8=", "%%%")]
    [InlineData("ipv6", "fe80::1", "1.2.3.4")]
    [InlineData("cidr", "10.0.0.0/8", "10.0.0.0/40")]
    [InlineData("hostname", "a.example.com", "-a")]
    [InlineData("uri", "https://example.com/x", "::")]
    [InlineData("email", "a@example.com", "a")]
    [InlineData("mac", "00:11:22:33:44:55", "00:11")]
    [InlineData("uuid", "0f8fad5b-d9cb-469f-a165-70867728950e", "0f8fad5b")]
    [InlineData("isbn10", "0-306-40615-2", "0-306-40615-3")]
    [InlineData("isbn13", "978-0-306-40615-7", "978-0-306-40615-8")]
    public void Validate_Format_AcceptsItsOwn(string format, string good, string bad)
    {
        var root = StructuralSchemaTests.Root($$"""{"type":"string","format":"{{format}}"}""");

        Assert.Empty(SchemaValidation.Validate(StructuralSchemaTests.Decode(root, $"\"{good}\"").Document, root));
        Assert.Single(SchemaValidation.Validate(StructuralSchemaTests.Decode(root, $"\"{bad}\"").Document, root));
    }

    [Fact]
    public void Validate_NameConstraintsAtTheRoot_AreKept()
    {
        var root = StructuralSchema.ReadRoot((JsonObject)JsonNode.Parse(
            """{"type":"object","properties":{"metadata":{"type":"object","properties":{"name":{"type":"string","maxLength":2}}}}}""")!);
        var document =
            ObjectDecoder.Decode("""{"metadata":{"name":"long"}}"""u8, StructuralSchemaTests.Kind, root,
                FieldValidation.Strict).Document;

        Assert.Equal("metadata.name: Too long: may not be more than 2 bytes",
            Assert.Single(SchemaValidation.Validate(document, root)).ToString());
    }

    [Fact]
    public void Validate_MoreErrorsThanTheBound_StopsThere()
    {
        var root = StructuralSchemaTests.Root("""{"type":"array","items":{"type":"string"}}""");
        var document =
            StructuralSchemaTests.Decode(root, $"[{string.Join(',', Enumerable.Repeat("1", 10_000))}]").Document;

        Assert.Equal(SchemaValidation.MaxErrors, SchemaValidation.Validate(document, root).Count);
    }

    [Fact]
    public void Validate_ManyAlternativesForManyValues_EndsAtTheBoundOfSteps()
    {
        var alternatives = string.Join(',', Enumerable.Repeat("""{"minLength":1}""", 200));
        var root = StructuralSchemaTests.Root(
            "{\"type\":\"array\",\"items\":{\"type\":\"string\",\"oneOf\":[" + alternatives + "]}}");
        var document =
            StructuralSchemaTests.Decode(root, $"[{string.Join(',', Enumerable.Repeat("\"\"", 60_000))}]").Document;

        var run = new SchemaValidationRun(int.MaxValue, SchemaValidation.MaxSteps);
        run.Check(document, root, isRoot: true);

        Assert.Contains(run.Errors,
            error => error.Detail.Contains($"more than {SchemaValidation.MaxSteps} steps", StringComparison.Ordinal));
    }

    [Fact]
    public void Validate_BuiltInSchema_DoesNothing() =>
        Assert.Empty(SchemaValidation.Validate(new JsonObject { ["spec"] = 1 }, Schemas.Find(new("v1", "Pod"))!));
}
