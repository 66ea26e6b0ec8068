using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Coxswain.Api.Decoding;
using Coxswain.Api.Defaulting;
using Coxswain.Api.Errors;
using Coxswain.Api.Json;
using Coxswain.Api.Schemata;
using Coxswain.Api.Validation;
using Coxswain.Testing.Fuzzing;

namespace Coxswain.Api.Tests;

/// <summary>
/// Whatever a definition says: errors, or a schema by which objects are decoded, defaulted, pruned and checked. What was
/// decoded by a schema is not pruned by it any more, and defaults are given once.
/// </summary>
public class StructuralSchemaFuzzTests
{
    private static readonly ObjectKind Kind = new("example.com/v1", "Widget");

    private static readonly byte[][] Schemas =
    [
        .. new[]
        {
            """{"type":"object","properties":{"spec":{"type":"object","required":["a"],"properties":{"a":{"type":"string","pattern":"^[a-z]+$","default":"x"},"b":{"type":"array","x-kubernetes-list-type":"map","x-kubernetes-list-map-keys":["k"],"items":{"type":"object","required":["k"],"properties":{"k":{"type":"string"}}}}}}}}""",
            """{"type":"object","x-kubernetes-preserve-unknown-fields":true,"properties":{"spec":{"type":"object","additionalProperties":{"type":"integer","minimum":1}}}}""",
            """{"type":"object","properties":{"spec":{"x-kubernetes-int-or-string":true,"anyOf":[{"type":"integer"},{"type":"string"}]},"status":{"type":"object","nullable":true,"x-kubernetes-embedded-resource":true,"x-kubernetes-preserve-unknown-fields":true}}}""",
        }.Select(Encoding.UTF8.GetBytes),
    ];

    private static readonly string[] Objects =
    [
        """{"metadata":{"name":"w"},"spec":{"a":"x","b":[{"k":"1"},{"k":"1"}],"c":null},"status":{"kind":"X"},"other":[1,{}]}""",
        """{"spec":7,"status":null}""",
    ];

    [Fact]
    public void Check_AnySchema_IsErrorsOrASchemaThatHolds() => Fuzzer.Run("structural-schema", Schemas, input =>
    {
        JsonObject? schema;
        try
        {
            schema = KubeJson.ParseNode(input, KubeJson.MaxDepth) as JsonObject;
        }
        catch (JsonException)
        {
            return;
        }

        if (schema is null)
        {
            return;
        }

        var definition = new JsonObject
        {
            ["spec"] = new JsonObject
            {
                ["versions"] = new JsonArray(new JsonObject { ["name"] = "v1", ["schema"] = new JsonObject { ["openAPIV3Schema"] = schema.DeepClone() } }),
            },
        };
        var isStructural = !CustomResourceDefinitionValidation.Check(definition, null).Any(error => error.Field.Contains("openAPIV3Schema", StringComparison.Ordinal));
        var read = StructuralSchema.ReadRoot(schema);
        foreach (var text in Objects)
        {
            try
            {
                var document = ObjectDecoder.Decode(Encoding.UTF8.GetBytes(text), Kind, read, FieldValidation.Warn).Document;
                Fuzzer.Require(!ObjectPruning.Prune(document, read), "what was decoded is pruned again");
                SchemaValidation.Validate(document, read);
                if (isStructural)
                {
                    ObjectDefaulting.Apply(document, read);
                    var once = document.ToJsonString();
                    ObjectDefaulting.Apply(document, read);
                    Fuzzer.Require(document.ToJsonString() == once, "defaults are given twice");
                }
            }
            catch (KubeStatusException)
            {
            }
        }
    });
}
