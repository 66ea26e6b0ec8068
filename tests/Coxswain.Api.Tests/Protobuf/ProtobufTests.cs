using System.Text;
using System.Text.Json.Nodes;
using Coxswain.Api.Json;
using Coxswain.Api.Kinds;
using Coxswain.Api.Protobuf;
using Coxswain.Api.Schemata;

namespace Coxswain.Api.Tests;

public class ProtobufTests
{
    [Fact]
    public void Decode_ChoiceTypes_AreWhatJsonWouldHold()
    {
        var document = ProtobufDecoder.Decode(SampleManifests.Protobuf[1], new("v1", "Pod"));

        var schema = document["spec"]!["versions"]![0]!["schema"]!["openAPIV3Schema"]!.ToJsonString();
        Assert.Equal("""{"type":"object","additionalProperties":true,"items":{"type":"string"}}""", schema);
    }

    [Fact]
    public void Encode_EveryKindWithEveryField_DecodesToTheSameJson()
    {
        var different = new List<string>();
        // What stands for "any JSON" in a full definition is no schema; the choices are in a test of their own.
        foreach (var kind in KubeTypes.AllObjects.Concat(KubeTypes.AllOthers)
            .Where(kind => kind.Kind is not ("Table" or "WatchEvent" or "CustomResourceDefinition" or "CustomResourceDefinitionList")))
        {
            var json = FullObject.Of(Schemas.Find(kind)!).AsObject();
            (json["kind"], json["apiVersion"]) = (kind.Kind, kind.ApiVersion);

            StripKinds(json, isRoot: true);
            var decoded = ProtobufDecoder.Decode(ProtobufEncoder.Encode(kind, Encoding.UTF8.GetBytes(json.ToJsonString())), kind);
            if (!JsonEquality.Equal(json, decoded))
            {
                different.Add($"{kind}: {JsonEquality.Canonical(json)} != {JsonEquality.Canonical(decoded)}");
            }
        }

        Assert.True(different.Count == 0, $"{different.Count}: {string.Join("\n", different.OrderBy(text => text.Length).Take(2))}");
    }

    [Fact]
    public void Encode_ChoiceTypes_AreWhatJsonHolds()
    {
        var kind = new ObjectKind("apiextensions.k8s.io/v1", "CustomResourceDefinition");
        const string json = """
            {"apiVersion":"apiextensions.k8s.io/v1","kind":"CustomResourceDefinition","spec":{"versions":[{"schema":{"openAPIV3Schema":{
            "type":"object","additionalProperties":{"type":"string"},"default":{"a":[1,null,"\u00e9"]},"enum":[1,"x"],"properties":{
            "free":{"additionalProperties":true},"closed":{"additionalProperties":false},"list":{"items":{"type":"integer"}},
            "each":{"items":[{"type":"string"},{"minimum":1.5}]}}}}}]}}
            """;

        var decoded = ProtobufDecoder.Decode(ProtobufEncoder.Encode(kind, Encoding.UTF8.GetBytes(json)), kind);

        Assert.Equal(JsonEquality.Canonical(JsonNode.Parse(json)), JsonEquality.Canonical(decoded));
    }

    /// <summary>Of objects inside others protobuf does not say the kind: their place does.</summary>
    private static void StripKinds(JsonNode? node, bool isRoot)
    {
        if (node is JsonObject properties)
        {
            if (!isRoot && properties["kind"].TryText(out var kind) && properties["apiVersion"].TryText(out var apiVersion)
                && Schemas.Find(new ObjectKind(apiVersion, kind)) is not null)
            {
                properties.Remove("kind");
                properties.Remove("apiVersion");
            }

            foreach (var (_, child) in properties)
            {
                StripKinds(child, isRoot: false);
            }
        }
        else if (node is JsonArray items)
        {
            foreach (var item in items)
            {
                StripKinds(item, isRoot: false);
            }
        }
    }

    [Fact]
    public void Encode_EscapedTextAndKeys_AreTheirCharacters()
    {
        var kind = new ObjectKind("v1", "ConfigMap");

        var decoded = ProtobufDecoder.Decode(
            ProtobufEncoder.Encode(kind, """{"metadata":{"name":"a\u0062"},"data":{"k\u0065y\"":"line\none\u00e9"},"unknown":[{"x":null}]}"""u8), kind);

        Assert.Equal("ab", (string?)decoded["metadata"]!["name"]);
        Assert.Equal("line\noneé", (string?)decoded["data"]!["key\""]);
    }

    [Fact]
    public void Encode_LongMessagesInsideMessages_KeepTheirLengths()
    {
        var kind = new ObjectKind("v1", "ConfigMap");
        var text = new string('x', 70_000);

        var decoded = ProtobufDecoder.Decode(
            ProtobufEncoder.Encode(kind, Encoding.UTF8.GetBytes($$$"""{"metadata":{"annotations":{"a":"{{{text}}}","b":"{{{text[..130]}}}"}},"data":{"c":"d"}}""")), kind);

        Assert.Equal(text, (string?)decoded["metadata"]!["annotations"]!["a"]);
        Assert.Equal(text[..130], (string?)decoded["metadata"]!["annotations"]!["b"]);
        Assert.Equal("d", (string?)decoded["data"]!["c"]);
    }

    [Fact]
    public void Find_EveryKind_HasEveryNestedTypeToItsEnd()
    {
        var seen = new HashSet<ProtobufType>();
        foreach (var schema in Schemas.AllStructs())
        {
            Visit(ProtobufType.Find(schema.TypeName)!);
        }

        Assert.True(seen.Count > 700, $"{seen.Count} types");

        void Visit(ProtobufType type)
        {
            if (seen.Add(type))
            {
                // A type that is missing throws.
                foreach (var field in type.Fields())
                {
                    Visit(field.Type);
                }

                if (type.Item is { } item)
                {
                    Visit(item);
                }
            }
        }
    }
}
