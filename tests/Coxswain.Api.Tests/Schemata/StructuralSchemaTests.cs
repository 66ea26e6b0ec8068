using System.Text;
using System.Text.Json.Nodes;
using Coxswain.Api.Decoding;
using Coxswain.Api.Defaulting;
using Coxswain.Api.Errors;
using Coxswain.Api.Patch;
using Coxswain.Api.Schemata;

namespace Coxswain.Api.Tests;

public class StructuralSchemaTests
{
    internal static readonly ObjectKind Kind = new("example.com/v1", "Widget");

    internal static Schema Root(string properties) =>
        StructuralSchema.ReadRoot(
            (JsonObject)JsonNode.Parse("{\"type\":\"object\",\"properties\":{\"spec\":" + properties + "}}")!);

    internal static DecodedObject Decode(Schema schema, string spec,
        FieldValidation validation = FieldValidation.Warn) =>
        ObjectDecoder.Decode(
            Encoding.UTF8.GetBytes(
                $$"""{"apiVersion":"example.com/v1","kind":"Widget","metadata":{"name":"w"},"spec":{{spec}}}"""), Kind,
                    schema, validation);

    private static string Spec(DecodedObject decoded) => decoded.Document["spec"]!.ToJsonString();

    [Fact]
    public void Decode_UnknownFields_ArePrunedAndNamed()
    {
        var schema =
            Root("""{"type":"object","properties":{"size":{"type":"integer"},"free":{"type":"object","x-kubernetes-preserve-unknown-fields":true,"properties":{"known":{"type":"object","properties":{"a":{"type":"string"}}}}}}}""");

        var decoded = Decode(schema, """{"size":1,"siez":2,"free":{"any":{"b":1},"known":{"a":"x","b":"y"}}}""");

        Assert.Equal("""{"size":1,"free":{"any":{"b":1},"known":{"a":"x"}}}""", Spec(decoded));
        Assert.Equal(["unknown field \"spec.siez\" (did you mean \"size\"?)", "unknown field \"spec.free.known.b\""],
            decoded.Warnings);
    }

    [Fact]
    public void Decode_WrongTypes_AreKeptForValidation()
    {
        var schema =
            Root("""{"type":"object","properties":{"size":{"type":"integer"},"list":{"type":"array","items":{"type":"string"}}}}""");

        Assert.Equal("""{"size":"one","list":{"a":[1]}}""",
            Spec(Decode(schema, """{"size":"one","list":{"a":[1]}}""")));
    }

    [Fact]
    public void Decode_MetadataOfAnotherType_IsRefused()
    {
        var schema = Root("""{"type":"object"}""");

        Assert.Throws<KubeStatusException>(() =>
            ObjectDecoder.Decode("""{"metadata":{"labels":{"a":1}}}"""u8, Kind, schema, FieldValidation.Warn));
    }

    [Fact]
    public void Decode_DuplicateKeysInFreeContent_AreReported()
    {
        var schema = Root("""{"type":"object","x-kubernetes-preserve-unknown-fields":true}""");

        var decoded = Decode(schema, """{"a":{"b":1,"b":2},"l":[{"c":1,"c":3}]}""");

        Assert.Equal("""{"a":{"b":2},"l":[{"c":3}]}""", Spec(decoded));
        Assert.Equal(["duplicate field \"spec.a.b\"", "duplicate field \"spec.l[0].c\""], decoded.Warnings);
    }

    [Fact]
    public void Decode_Nulls_StayOnlyWhereNullable()
    {
        var schema =
            Root("""{"type":"object","properties":{"a":{"type":"string"},"b":{"type":"string","nullable":true},"l":{"type":"array","items":{"type":"string"}}}}""");

        Assert.Equal("""{"b":null,"l":[null]}""", Spec(Decode(schema, """{"a":null,"b":null,"l":[null]}""")));
    }

    [Fact]
    public void Defaulting_StructuralDefaults_FillAbsentAndNullFields()
    {
        var schema = Root("""
            {"type":"object","properties":{
              "size":{"type":"integer","default":3},
              "zero":{"type":"integer","default":5},
              "none":{"type":"string","nullable":true,"default":"x"},
              "inner":{"type":"object","default":{},"properties":{"mode":{"type":"string","default":"fast"}}},
              "given":{"type":"object","default":{"a":"1"},"properties":{"a":{"type":"string"}}},
              "parts":{"type":"array","items":{"type":"object","properties":{"n":{"type":"integer","default":1}}}},
              "byName":{"type":"object","additionalProperties":{"type":"object","properties":{"n":{"type":"integer","default":2}}}}}}
            """);
        var decoded =
            Decode(schema, """{"size":null,"zero":0,"none":null,"given":{},"parts":[{}],"byName":{"k":{}}}""");

        ObjectDefaulting.Apply(decoded.Document, schema);

        Assert.True(JsonNode.DeepEquals(
            JsonNode.Parse(
                """{"size":3,"zero":0,"none":null,"inner":{"mode":"fast"},"given":{},"parts":[{"n":1}],"byName":{"k":{"n":2}}}"""),
            JsonNode.Parse(Spec(decoded))), Spec(decoded));
    }

    [Fact]
    public void Merge_WithoutStrategies_ReplacesLists()
    {
        var schema = Root("""{"type":"object","properties":{"l":{"type":"array","items":{"type":"string"}}}}""");
        var merged = StrategicMergePatch.Apply(
            Decode(schema, """{"l":["a"]}""").Document, JsonNode.Parse("""{"spec":{"l":["b"]}}"""), schema);

        Assert.Equal("""{"l":["b"]}""", merged["spec"]!.ToJsonString());
    }
}
