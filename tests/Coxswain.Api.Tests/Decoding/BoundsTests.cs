using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Coxswain.Api.Decoding;
using Coxswain.Api.Errors;
using Coxswain.Api.Json;
using Coxswain.Api.Patch;
using Coxswain.Api.Scalars;
using Coxswain.Api.Schemata;

namespace Coxswain.Api.Tests;

/// <summary>What comes from outside decides neither how much memory nor how much time is spent.</summary>
public class BoundsTests
{
    private static readonly ObjectKind ConfigMap = new("v1", "ConfigMap");

    [Fact]
    public void Yaml_MergeKeysOfOneLongMapping_EndAtTheBound()
    {
        // Ten thousand mappings that each look through a mapping of twenty thousand keys.
        var yaml = new StringBuilder("base: &b {");
        for (var i = 0; i < 20_000; i++)
        {
            yaml.Append('k').Append(i).Append(": 1, ");
        }

        yaml.Append("}\nlist:\n");
        for (var i = 0; i < 10_000; i++)
        {
            yaml.Append("- {<<: *b}\n");
        }

        var reader = new YamlReader(new StringReader(yaml.ToString()));

        Assert.Contains("excessive aliasing", Assert.ThrowsAny<Exception>(() => reader.Read(1)).Message,
            StringComparison.Ordinal);
        Assert.InRange(reader.MergedEntries, 0, 500_000);
    }

    [Fact]
    public void Yaml_MergeSequencesOfAliases_EndAtTheBound()
    {
        var yaml = new StringBuilder("base: &b {a: 1}\nmany: &m [")
            .Append(string.Join(',', Enumerable.Repeat("*b", 50_000))).Append("]\nlist:\n");
        for (var i = 0; i < 1_000; i++)
        {
            yaml.Append("- {<<: *m}\n");
        }

        var reader = new YamlReader(new StringReader(yaml.ToString()));

        Assert.Contains("excessive aliasing", Assert.ThrowsAny<Exception>(() => reader.Read(1)).Message,
            StringComparison.Ordinal);
        Assert.InRange(reader.MergedEntries, 0, 500_000);
    }

    [Fact]
    public void Yaml_AliasesOfEmptyCollections_EndAtTheBound()
    {
        // Two bytes each: by bytes alone this would be let through.
        var yaml = new StringBuilder("a0: &a0 [[],[],[],[],[],[],[],[],[],[]]\n");
        for (var i = 1; i < 6; i++)
        {
            yaml.Append($"a{i}: &a{i} [{string.Join(",", Enumerable.Repeat($"*a{i - 1}", 10))}]\n");
        }

        Assert.Contains("excessive aliasing",
            Assert.Throws<KubeStatusException>(() => KubeYaml.ToJson(Encoding.UTF8.GetBytes(yaml.ToString()))).Message,
                StringComparison.Ordinal);
    }

    [Fact]
    public void Yaml_LongDocumentWithoutAliases_IsRead()
    {
        var yaml = string.Concat(Enumerable.Repeat("- 1\n", 600_000));

        Assert.Equal(1_200_001, KubeYaml.ToJson(Encoding.UTF8.GetBytes(yaml)).Length);
    }

    [Fact]
    public void JsonPatch_CopiesThatDouble_EndAtTheBound()
    {
        var patch = new JsonArray();
        for (var i = 0; i < 40; i++)
        {
            patch.Add(new JsonObject { ["op"] = "copy", ["from"] = "/a", ["path"] = $"/a/x{i}" });
        }

        var status =
            Assert.Throws<KubeStatusException>(
                () => JsonPatch.Apply(JsonNode.Parse("""{"a":{"text":"0123456789"}}""")!, patch)).Status;

        Assert.Equal(422, status.Code);
        Assert.Matches(
            "^Unable to complete the copy, the accumulated size increase of copy is [0-9]+, exceeding the limit 3145728$", status.Message);
    }

    [Fact]
    public void JsonPatch_CopiesBelowTheBound_Apply()
    {
        var target = new JsonObject { ["a"] = new string('x', 1_000_000) };

        var result =
            JsonPatch.Apply(target,
                JsonNode.Parse("""[{"op":"copy","from":"/a","path":"/b"},{"op":"copy","from":"/a","path":"/c"}]"""));

        Assert.Equal(3, ((JsonObject)result!).Count);
        Assert.Throws<KubeStatusException>(
            () => JsonPatch.Apply(target, new JsonArray([.. Enumerable.Range(0, 4).Select(i =>
            (JsonNode)new JsonObject { ["op"] = "copy", ["from"] = "/a", ["path"] = $"/b{i}" })])));
    }

    [Fact]
    public void JsonPatch_OperationsThatNest_EndAtTheBoundOfDepth()
    {
        // Each adds a level; a thousand of them would be too deep to read again.
        var patch = new JsonArray([.. Enumerable.Range(0, 1_000).Select(_ =>
            (JsonNode)new JsonArray(
                new JsonObject { ["op"] = "add", ["path"] = "/b", ["value"] = new JsonObject() },
                new JsonObject { ["op"] = "move", ["from"] = "/a", ["path"] = "/b/a" },
                new JsonObject { ["op"] = "move", ["from"] = "/b", ["path"] = "/a" }))
            .SelectMany(three => three.AsArray().Select(operation => operation!.DeepClone()))]);

        var status =
            Assert.Throws<KubeStatusException>(() => JsonPatch.Apply(JsonNode.Parse("""{"a":{}}""")!, patch)).Status;

        Assert.Equal($"the result would be more than {KubeJson.MaxDepth} levels deep", status.Message);
    }

    [Fact]
    public void JsonPatch_MovesOfALargeValue_EndAtTheBoundOfSteps()
    {
        var target =
            new JsonObject { ["a"] = new JsonArray(
                [.. Enumerable.Range(0, 50_000).Select(_ => (JsonNode)new JsonObject())]) };
        var patch = new JsonArray([.. Enumerable.Range(0, JsonPatch.MaxOperations).Select(i =>
            (JsonNode)new JsonObject { ["op"] = "move", ["from"] = i % 2 == 0 ? "/a" : "/b", ["path"] = i % 2 == 0
                ? "/b" : "/a" })]);

        Assert.Equal(413, Assert.Throws<KubeStatusException>(() => JsonPatch.Apply(target, patch)).Status.Code);
    }

    [Fact]
    public void StrategicMerge_LongLists_MergeByKeyOnce()
    {
        static JsonArray Env(int offset) =>
            new([.. Enumerable.Range(offset, 60_000)
                .Select(i => (JsonNode)new JsonObject { ["name"] = $"n{i}", ["value"] = $"{offset}" })]);
        var schema = Schemas.FindType("core/v1.Container")!;
        var container = new JsonObject { ["env"] = Env(0) };

        var merged = StrategicMergePatch.Apply(container, new JsonObject { ["env"] = Env(30_000) }, schema);

        Assert.Equal(90_000, merged.Array("env")!.Count);
    }

    [Fact]
    public void Find_KindsThatDoNotExist_AreNotKept()
    {
        Assert.NotNull(Schemas.Find(new("v1", "Pod")));
        var before = Schemas.CachedKinds;

        for (var i = 0; i < 1_000; i++)
        {
            Assert.Null(Schemas.Find(new("v1", $"Nothing{i}")));
            Assert.Null(Schemas.Find(new($"example{i}.com/v1", "Pod")));
            Assert.NotNull(Schemas.Find(new($"example{i}.com/v1", "DeleteOptions")));
        }

        // Other tests look for kinds of their own meanwhile; there are only so many.
        Assert.InRange(Schemas.CachedKinds - before, 0, 900);
    }

    [Theory]
    [InlineData(128, true)]
    [InlineData(129, false)]
    [InlineData(1_000_000, false)]
    public void Quantity_Length_IsBounded(int length, bool expected) =>
        Assert.Equal(expected, Quantity.TryParse(new string('0', length - 1) + "1", out _));

    [Theory]
    [InlineData(128, true)]
    [InlineData(1_000_000, false)]
    public void Duration_Length_IsBounded(int length, bool expected) =>
        Assert.Equal(expected, KubeDuration.TryParse(new string('0', length - 2) + "1s", out _));

    [Fact]
    public void Depth_WhatIsAccepted_IsReadPatchedAndWrittenAgain()
    {
        var document = ObjectDecoder.Decode(Managed(KubeJson.MaxDepth - 4), ConfigMap, FieldValidation.Strict).Document;
        var stored = Encoding.UTF8.GetBytes(document.ToJsonString());

        var typed = KubeJson.Deserialize<Core.V1.ConfigMap>(stored);
        var node = (JsonObject)KubeJson.ParseNode(
            Encoding.UTF8.GetBytes($$"""{"items":[{{KubeJson.ToString(typed)}}]}"""))!;
        var patched = JsonPatch.Apply(document, JsonNode.Parse("""[{"op":"add","path":"/data","value":{"a":"b"}}]"""));
        var merged =
            StrategicMergePatch.Apply(document, new JsonObject { ["data"] = new JsonObject { ["a"] = "b" } },
                Schemas.Find(ConfigMap)!);

        Assert.True(JsonEquality.Equal(FieldsOf(document), FieldsOf((JsonObject)node.Array("items")![0]!)));
        Assert.True(JsonEquality.Equal(patched, merged));
        Assert.Equal(stored, KubeYaml.ToJson(Encoding.UTF8.GetBytes(KubeYaml.ToYaml(document))));
    }

    [Fact]
    public void Depth_OneLevelMore_IsRefused() => Assert.Throws<KubeStatusException>(() =>
        ObjectDecoder.Decode(Managed(KubeJson.MaxDepth - 3), ConfigMap, FieldValidation.Strict));

    [Fact]
    public void ParseNode_DuplicateKeys_TheLastCounts() =>
        Assert.Equal("""{"a":2,"b":{"c":4}}""",
            KubeJson.ParseNode("""{"a":1,"b":{"c":3,"c":4},"a":2}"""u8)!.ToJsonString());

    [Theory]
    [InlineData("")]
    [InlineData("{")]
    [InlineData("{} {}")]
    [InlineData("[1e999]")]
    public void ParseNode_WhatIsNotJson_IsAJsonException(string json) =>
        Assert.ThrowsAny<JsonException>(() => KubeJson.ParseNode(Encoding.UTF8.GetBytes(json)));

    [Fact]
    public void ParseNode_BadUtf8_IsAJsonException() =>
        Assert.ThrowsAny<JsonException>(() => KubeJson.ParseNode([(byte)'"', 0xff, (byte)'"']));

    [Fact]
    public void ParseNode_DeeperThanAsked_IsAJsonException()
    {
        var json = Encoding.UTF8.GetBytes(
            new string('[', KubeJson.MaxDepth + 1) + new string(']', KubeJson.MaxDepth + 1));

        Assert.NotNull(KubeJson.ParseNode(json));
        Assert.ThrowsAny<JsonException>(() => KubeJson.ParseNode(json, KubeJson.MaxDepth));
    }

    [Fact]
    public void Decode_HalfAMillionUnknownFields_TellsOfSome()
    {
        var name = new string('k', 100_000);
        var json = $$"""{"metadata":{"ownerReferences":[{ {{string.Join(',', Enumerable.Range(0, 200_000).Select(i => $"\"u{i}\":1"))}} }]},"{{name}}":1}""";

        var warnings = ObjectDecoder.Decode(Encoding.UTF8.GetBytes(json), ConfigMap).Warnings;

        Assert.Equal(100, warnings.Count);
        Assert.All(warnings, warning => Assert.InRange(warning.Length, 1, 1_200));
    }

    private static JsonNode? FieldsOf(JsonObject document) => document["metadata"]!["managedFields"]![0]!["fieldsV1"];

    private static byte[] Managed(int depth) => Encoding.UTF8.GetBytes(
        """{"apiVersion":"v1","kind":"ConfigMap","metadata":{"managedFields":[{"fieldsV1":"""
        + string.Concat(Enumerable.Repeat("{\"f:a\":", depth - 1)) + "{}" + new string('}', depth - 1) + "}]}}");
}
