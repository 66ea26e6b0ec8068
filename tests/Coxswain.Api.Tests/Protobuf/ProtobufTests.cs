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
