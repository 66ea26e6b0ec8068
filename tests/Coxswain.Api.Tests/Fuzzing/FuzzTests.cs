using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Coxswain.Api.Decoding;
using Coxswain.Api.Defaulting;
using Coxswain.Api.Errors;
using Coxswain.Api.Json;
using Coxswain.Api.Kinds;
using Coxswain.Api.Patch;
using Coxswain.Api.Protobuf;
using Coxswain.Api.Scalars;
using Coxswain.Api.Schemata;
using Coxswain.Api.Selectors;
using Coxswain.Api.Validation;
using Coxswain.Testing.Fuzzing;

namespace Coxswain.Api.Tests;

/// <summary>
/// Whatever the bytes: a value, or the error the caller catches. What was read can be written and read back the same.
/// Seconds by default, longer with COXSWAIN_FUZZ_SECONDS.
/// </summary>
public class FuzzTests
{
    private static readonly byte[][] Yaml = [.. SampleManifests.All.Select(Encoding.UTF8.GetBytes)];
    private static readonly byte[][] Json = [.. Yaml.Select(yaml => KubeYaml.ToJson(yaml))];

    [Fact]
    public void Decode_Json_IsAValueOrAStatus() => Fuzzer.Run("json", Json, input =>
    {
        var kind = ObjectDecoder.PeekKind(input);
        if (kind is null || Schemas.Find(kind) is not { } schema)
        {
            kind = new ObjectKind("v1", "Pod");
            schema = Schemas.Find(kind)!;
        }

        if (Try(() => ObjectDecoder.Decode(input, kind, schema, FieldValidation.Warn).Document) is not { } document)
        {
            return;
        }

        // What was accepted is accepted again, unchanged, by the decoder and by the codec.
        var bytes = Encoding.UTF8.GetBytes(document.ToJsonString());
        var again = ObjectDecoder.Decode(bytes, kind, schema, FieldValidation.Strict).Document;
        Same(document, again, "decoding again");
        ObjectDefaulting.Apply(document, schema);
        var defaulted = Encoding.UTF8.GetBytes(document.ToJsonString());
        ObjectDefaulting.Apply(document, schema);
        Same(KubeJson.ParseNode(defaulted), document, "defaulting again");
        if (KubeTypes.AllObjects.Contains(kind))
        {
            var typed = KubeTypes.Read(kind, defaulted);
            var written = KubeJson.Serialize(typed);
            Fuzzer.Require(KubeTypes.Read(kind, written).Equals(typed), "the codec reads another object than it wrote");
            ObjectValidation.ValidateCreate(typed);
            ObjectValidation.ValidateUpdate(typed, typed);
        }
    });

    [Fact]
    public void ParseNode_Json_IsAValueOrAJsonException() => Fuzzer.Run("json", Json, input =>
    {
        try
        {
            var node = KubeJson.ParseNode(input, KubeJson.MaxDepth);
            Same(node, KubeJson.ParseNode(Encoding.UTF8.GetBytes(node?.ToJsonString() ?? "null")), "parsing again");
            Fuzzer.Require(JsonEquality.Canonical(node) == JsonEquality.Canonical(node?.DeepClone()), "canonical text");
        }
        catch (JsonException)
        {
        }
    });

    [Fact]
    public void ToJson_Yaml_IsAValueOrAStatus() => Fuzzer.Run("yaml", Yaml, input =>
    {
        foreach (var document in Try(() => KubeYaml.ReadAll(input)) ?? [])
        {
            JsonNode? node;
            try
            {
                node = KubeJson.ParseNode(document.Json);
            }
            catch (JsonException)
            {
                // Numbers out of range are for the decoder to refuse.
                continue;
            }

            var yaml = KubeYaml.ToYaml(node);
            Same(node, KubeJson.ParseNode(KubeYaml.ToJson(Encoding.UTF8.GetBytes(yaml))),
                "reading what was written: " + yaml);
        }
    });

    [Fact]
    public void Decode_Protobuf_IsAValueOrAStatus() => Fuzzer.Run("protobuf", SampleManifests.Protobuf, input =>
    {
        var kind = new ObjectKind("v1", "Pod");
        if (Try(() => ProtobufDecoder.Decode(input, kind)) is { } document)
        {
            Try(() => ObjectDecoder.Decode(Encoding.UTF8.GetBytes(document.ToJsonString()),
                new ObjectKind(document.Text("apiVersion"), document.Text("kind"))));
        }
    });

    [Fact]
    public void Apply_JsonPatch_IsADocumentOrAStatus() =>
        Fuzzer.Run("json-patch", SampleManifests.JsonPatches, input => Patch(input, (target, patch, schema) =>
        JsonPatch.Apply(target, patch)));

    [Fact]
    public void Apply_MergePatch_IsADocument() =>
        Fuzzer.Run("merge-patch", SampleManifests.MergePatches, input => Patch(input, (target, patch, schema) =>
    {
        var result = MergePatch.Apply(target, patch);
        Same(result, MergePatch.Apply(result, patch), "applying twice");
        return result;
    }));

    [Fact]
    public void Apply_StrategicMergePatch_IsADocumentOrAStatus() =>
        Fuzzer.Run("strategic-merge", SampleManifests.MergePatches, input => Patch(input, (target, patch, schema) =>
        StrategicMergePatch.Apply(target, patch, schema)));

    [Fact]
    public void Parse_LabelSelector_ReadsWhatItWrites() =>
        Fuzzer.Run("label-selector",
            Texts("a=b", "a==b,c!=d", "e in (x,y),f notin (z)", "!g,h", "example.com/k>5,l<3", "m in (,)"), input =>
    {
        if (LabelSelector.TryParse(Encoding.UTF8.GetString(input), out var selector, out var error))
        {
            Fuzzer.Require(LabelSelector.TryParse(selector.ToString(), out var again, out _)
                && again.Equals(selector), $"{selector} reads back as another");
        }
        else
        {
            Fuzzer.Require(error.Length > 0, "refused without a word");
        }
    });

    [Fact]
    public void Parse_FieldSelector_ReadsWhatItWrites() =>
        Fuzzer.Run("field-selector",
            Texts("metadata.name=x", "status.phase!=Running,spec.nodeName=", @"a==b\,c,d=\=\\"), input =>
    {
        if (FieldSelector.TryParse(Encoding.UTF8.GetString(input), out var selector, out var error))
        {
            Fuzzer.Require(FieldSelector.TryParse(selector.ToString(), out var again, out _)
                && again.Equals(selector), $"{selector} reads back as another");
            selector.Matches(new JsonObject { ["metadata"] = new JsonObject { ["name"] = "x" } });
        }
        else
        {
            Fuzzer.Require(error.Length > 0, "refused without a word");
        }
    });

    [Fact]
    public void Parse_Quantity_ReadsWhatItWrites() =>
        Fuzzer.Run("quantity",
            Texts("1", "100m", "1.5Gi", "0.1e3", "12E", "-5k", "+1n", "9223372036854775807", "1e-9", "0x", "1Ei"),
                input =>
    {
        var text = Encoding.UTF8.GetString(input);
        if (Quantity.TryParse(text, out var quantity))
        {
            var written = quantity.ToString();
            Fuzzer.Require(Quantity.TryParse(written, out var again) && again == quantity
                && again.ToString() == written, $"{text} is {written}, which is another");
            _ = (quantity + quantity, quantity - again, -quantity, quantity.MilliValue, quantity.LongValue);
        }
        else
        {
            Fuzzer.Require(Quantity.ParseError(text).Length > 0, "refused without a word");
        }
    });

    [Fact]
    public void Parse_Duration_ReadsWhatItWrites() =>
        Fuzzer.Run("duration", Texts("1h30m0s", "250ms", "0", "-1.5h", "100us", "1µs", "2562047h", "1ns"), input =>
    {
        if (KubeDuration.TryParse(Encoding.UTF8.GetString(input), out var duration))
        {
            var written = KubeDuration.Format(duration);
            Fuzzer.Require(KubeDuration.TryParse(written, out var again)
                && KubeDuration.Format(again) == written, $"{duration} is {written}, which is another");
        }
    });

    [Fact]
    public void Parse_Time_ReadsWhatItWrites() =>
        Fuzzer.Run("time",
            Texts("2026-01-02T03:04:05Z", "2026-01-02T03:04:05.123456Z", "1999-12-31t23:59:59+14:00",
                "0001-01-01T00:00:00Z", "9999-12-31T23:59:59-23:59"), input =>
    {
        if (KubeTime.TryParse(Encoding.UTF8.GetString(input), out var time))
        {
            Fuzzer.Require(KubeTime.TryParse(KubeTime.FormatMicro(time), out var again)
                && KubeTime.FormatMicro(again) == KubeTime.FormatMicro(time), $"{time:o} reads back as {again:o}");
            Fuzzer.Require(KubeTime.TryParse(KubeTime.Format(time), out _), $"{KubeTime.Format(time)} cannot be read");
        }
    });

    [Fact]
    public void Check_Names_AgreesWithItself() =>
        Fuzzer.Run("names", Texts("web", "a-b.c", "example.com/name", "A_b", "..", "1a", "a b"), input =>
    {
        var name = Encoding.UTF8.GetString(input);
        Fuzzer.Require(Names.IsLabel(name) == (Names.LabelErrors(name).Count == 0), "label");
        Fuzzer.Require(Names.IsSubdomain(name) == (Names.SubdomainErrors(name).Count == 0), "subdomain");
        Fuzzer.Require(!Names.IsLabel(name) || Names.IsSubdomain(name), "every label is a subdomain");
        _ = (Names.QualifiedNameErrors(name), Names.LabelValueErrors(name), Names.ConfigMapKeyErrors(name),
            Names.EnvVarNameErrors(name), Names.PortNameErrors(name),
            Names.PathSegmentErrors(name), Names.Label1035Errors(name),
                Suggestion.For(name, ["image", "imagePullPolicy", "env"]));
    });

    [Fact]
    public void Validate_StructuralSchema_EndsWithErrorsOrWithout() =>
        Fuzzer.Run("structural-schema", SampleManifests.Schemas, input =>
    {
        JsonNode? pair;
        try
        {
            pair = KubeJson.ParseNode(input, KubeJson.MaxDepth);
        }
        catch (JsonException)
        {
            return;
        }

        if (pair is JsonObject properties && properties.Object("schema") is { } schema
            && properties.Object("object") is { } given)
        {
            var root = StructuralSchema.ReadRoot(schema);
            if (Try(() => ObjectDecoder.Decode(Encoding.UTF8.GetBytes(given.ToJsonString()),
                new ObjectKind("example.com/v1", "Widget"), root, FieldValidation.Warn)) is { } decoded)
            {
                ObjectDefaulting.Apply(decoded.Document, root);
                SchemaValidation.Validate(decoded.Document, root);
            }
        }
    });

    private static void Patch(byte[] input, Func<JsonObject, JsonNode?, Schema, JsonNode?> apply)
    {
        JsonNode? pair;
        try
        {
            pair = KubeJson.ParseNode(input, KubeJson.MaxDepth);
        }
        catch (JsonException)
        {
            return;
        }

        if (pair is not JsonObject properties || properties.Object("target") is not { } target
            || !properties.TryGetPropertyValue("patch", out var patch))
        {
            return;
        }

        var before = target.ToJsonString();
        if (Try(() => apply(target, patch, Schemas.Find(new ObjectKind("apps/v1", "Deployment"))!)) is { } result)
        {
            // Never deeper than can be read, and no node is shared with what was given.
            KubeJson.ParseNode(Encoding.UTF8.GetBytes(result.ToJsonString()));
        }

        Fuzzer.Require(target.ToJsonString() == before, "the target was changed");
    }

    private static T? Try<T>(Func<T> read)
        where T : class?
    {
        try
        {
            return read();
        }
        catch (KubeStatusException)
        {
            return null;
        }
    }

    private static void Same(JsonNode? expected, JsonNode? actual, string what) =>
        Fuzzer.Require(JsonEquality.Equal(expected, actual),
            $"{what}: {expected?.ToJsonString()} became {actual?.ToJsonString()}");

    private static IEnumerable<byte[]> Texts(params string[] texts) => texts.Select(Encoding.UTF8.GetBytes);
}
