using System.Text.Json.Nodes;
using Coxswain.Api.Errors;
using Coxswain.Api.Json;
using Coxswain.Api.Patch;
using Coxswain.Api.Schemata;
using FsCheck;
using FsCheck.Fluent;

namespace Coxswain.Api.Tests;

public class PatchTests
{
    [Theory]
    [InlineData("""{"a":"b"}""", """{"a":"c"}""", """{"a":"c"}""")]
    [InlineData("""{"a":"b"}""", """{"b":"c"}""", """{"a":"b","b":"c"}""")]
    [InlineData("""{"a":"b"}""", """{"a":null}""", """{}""")]
    [InlineData("""{"a":["b"]}""", """{"a":"c"}""", """{"a":"c"}""")]
    [InlineData("""{"a":{"b":"c"}}""", """{"a":{"b":"d","c":null}}""", """{"a":{"b":"d"}}""")]
    [InlineData("""{"a":[{"b":"c"}]}""", """{"a":[1]}""", """{"a":[1]}""")]
    [InlineData("""{"e":null}""", """{"a":1}""", """{"e":null,"a":1}""")]
    [InlineData("""{}""", """{"a":{"bb":{"ccc":null}}}""", """{"a":{"bb":{}}}""")]
    [InlineData("""["a"]""", """{"a":"b"}""", """{"a":"b"}""")]
    public void MergePatch_ExamplesOfTheRfc_Hold(string target, string patch, string expected) =>
        Same(expected, MergePatch.Apply(JsonNode.Parse(target), JsonNode.Parse(patch)));

    [Fact]
    public void MergePatch_DiffApplied_GivesTheTarget()
    {
        var documents = Document(3).Two().ToArbitrary();
        Prop.ForAll(documents, pair =>
        {
            var (from, to) = ((JsonObject)JsonNode.Parse(pair.Item1)!, (JsonObject)JsonNode.Parse(pair.Item2)!);
            return JsonEquality.Equal(to, MergePatch.Apply(from, MergePatch.Diff(from, to)));
        }).QuickCheckThrowOnFailure();
    }

    [Theory]
    [InlineData("""{"a":1}""", """[{"op":"add","path":"/b","value":2}]""", """{"a":1,"b":2}""")]
    [InlineData("""{"a":[1,3]}""", """[{"op":"add","path":"/a/1","value":2},{"op":"add","path":"/a/-","value":4}]""", """{"a":[1,2,3,4]}""")]
    [InlineData("""{"a":[1,2]}""", """[{"op":"remove","path":"/a/0"}]""", """{"a":[2]}""")]
    [InlineData("""{"a":1}""", """[{"op":"replace","path":"/a","value":{"x":null}}]""", """{"a":{"x":null}}""")]
    [InlineData("""{"a":1}""", """[{"op":"move","from":"/a","path":"/b"}]""", """{"b":1}""")]
    [InlineData("""{"a":{"x":1}}""", """[{"op":"copy","from":"/a","path":"/b"}]""", """{"a":{"x":1},"b":{"x":1}}""")]
    [InlineData("""{"a/b":{"~":1}}""", """[{"op":"test","path":"/a~1b/~0","value":1},{"op":"remove","path":"/a~1b"}]""", """{}""")]
    [InlineData("""{"a":1}""", """[{"op":"replace","path":"","value":{"b":2}}]""", """{"b":2}""")]
    [InlineData("""{"a":1}""", """[{"op":"test","path":"/b","value":null}]""", """{"a":1}""")]
    public void JsonPatch_Operations_Apply(string target, string patch, string expected) =>
        Same(expected, JsonPatch.Apply(JsonNode.Parse(target)!, JsonNode.Parse(patch)));

    [Theory]
    [InlineData("""[{"op":"test","path":"/a","value":2}]""", 422)]
    [InlineData("""[{"op":"remove","path":"/nope"}]""", 422)]
    [InlineData("""[{"op":"replace","path":"/nope","value":1}]""", 422)]
    [InlineData("""[{"op":"add","path":"/x/y","value":1}]""", 422)]
    [InlineData("""[{"op":"add","path":"/l/9","value":1}]""", 422)]
    [InlineData("""[{"op":"add","path":"/l/01","value":1}]""", 422)]
    [InlineData("""[{"op":"move","from":"/l","path":"/l/0"}]""", 422)]
    [InlineData("""[{"op":"add","path":"/x"}]""", 400)]
    [InlineData("""[{"op":"dance","path":"/x"}]""", 400)]
    [InlineData("""[{"path":"/x"}]""", 400)]
    [InlineData("""[{"op":"remove"}]""", 400)]
    [InlineData("""[{"op":"remove","path":"x"}]""", 400)]
    [InlineData("""{"op":"remove"}""", 400)]
    [InlineData("""[1]""", 400)]
    public void JsonPatch_BadOperations_AreRefused(string patch, int code) => Assert.Equal(code,
        Assert.Throws<KubeStatusException>(() => JsonPatch.Apply(JsonNode.Parse("""{"a":1,"l":[1]}""")!, JsonNode.Parse(patch))).Status.Code);

    private const string Containers = """{"spec":{"containers":[{"name":"a","image":"1","args":["x"]},{"name":"b","image":"1"}]}}""";

    [Theory]
    [InlineData(Containers, """{"spec":{"containers":[{"name":"b","image":"2"}]}}""",
        """{"spec":{"containers":[{"name":"a","image":"1","args":["x"]},{"name":"b","image":"2"}]}}""")]
    [InlineData(Containers, """{"spec":{"containers":[{"name":"c","image":"3"}]}}""",
        """{"spec":{"containers":[{"name":"a","image":"1","args":["x"]},{"name":"b","image":"1"},{"name":"c","image":"3"}]}}""")]
    [InlineData(Containers, """{"spec":{"containers":[{"name":"a","args":["y"],"image":null}]}}""",
        """{"spec":{"containers":[{"name":"a","args":["y"]},{"name":"b","image":"1"}]}}""")]
    [InlineData(Containers, """{"spec":{"containers":[{"name":"a","$patch":"delete"}]}}""", """{"spec":{"containers":[{"name":"b","image":"1"}]}}""")]
    [InlineData(Containers, """{"spec":{"containers":[{"$patch":"replace"},{"name":"z"}]}}""", """{"spec":{"containers":[{"name":"z"}]}}""")]
    [InlineData(Containers, """{"spec":{"$setElementOrder/containers":[{"name":"b"},{"name":"a"}]}}""",
        """{"spec":{"containers":[{"name":"b","image":"1"},{"name":"a","image":"1","args":["x"]}]}}""")]
    [InlineData(Containers, """{"spec":{"$setElementOrder/containers":[{"name":"c"},{"name":"a"},{"name":"b"}],"containers":[{"name":"c"}]}}""",
        """{"spec":{"containers":[{"name":"c"},{"name":"a","image":"1","args":["x"]},{"name":"b","image":"1"}]}}""")]
    [InlineData(Containers, """{"spec":{"$patch":"replace","hostname":"h"}}""", """{"spec":{"hostname":"h"}}""")]
    [InlineData("""{"metadata":{"finalizers":["a","b"]}}""", """{"metadata":{"finalizers":["c","a"]}}""", """{"metadata":{"finalizers":["a","b","c"]}}""")]
    [InlineData("""{"metadata":{"finalizers":["a","b"]}}""", """{"metadata":{"$deleteFromPrimitiveList/finalizers":["a"]}}""", """{"metadata":{"finalizers":["b"]}}""")]
    [InlineData("""{"metadata":{"labels":{"a":"1","b":"2"}}}""", """{"metadata":{"labels":{"a":null,"c":"3"}}}""", """{"metadata":{"labels":{"b":"2","c":"3"}}}""")]
    [InlineData("""{"spec":{"tolerations":[{"key":"a"}]}}""", """{"spec":{"tolerations":[{"key":"b"}]}}""", """{"spec":{"tolerations":[{"key":"b"}]}}""")]
    [InlineData("""{"spec":{"volumes":[{"name":"v","emptyDir":{}}]}}""",
        """{"spec":{"volumes":[{"name":"v","$retainKeys":["name","configMap"],"configMap":{"name":"c"}}]}}""",
        """{"spec":{"volumes":[{"name":"v","configMap":{"name":"c"}}]}}""")]
    [InlineData("""{}""", """{"spec":{"containers":[{"name":"a","image":null},{"name":"b","$patch":"delete"}]}}""", """{"spec":{"containers":[{"name":"a"}]}}""")]
    public void StrategicMergePatch_PodPatches_MergeByKey(string target, string patch, string expected) =>
        Same(expected, StrategicMergePatch.Apply((JsonObject)JsonNode.Parse(target)!, JsonNode.Parse(patch), Schemas.Find(new("v1", "Pod"))!));

    [Theory]
    [InlineData("""{"spec":{"containers":[{"image":"2"}]}}""")]
    [InlineData("""{"spec":{"containers":["x"]}}""")]
    [InlineData("""{"spec":{"$patch":"dance"}}""")]
    [InlineData("""{"spec":{"$setElementOrder/containers":3}}""")]
    [InlineData("""[]""")]
    public void StrategicMergePatch_Malformed_IsBadRequest(string patch) => Assert.Equal(400, Assert.Throws<KubeStatusException>(() =>
        StrategicMergePatch.Apply((JsonObject)JsonNode.Parse(Containers)!, JsonNode.Parse(patch), Schemas.Find(new("v1", "Pod"))!)).Status.Code);

    private static Gen<string> Document(int depth)
    {
        var scalars = Gen.Elements("1", "\"x\"", "true", "[]", "[1,{\"a\":2}]");
        var values = depth == 0 ? scalars : Gen.OneOf(scalars, Document(depth - 1));
        var entry = from name in Gen.Elements("a", "b", "c", "d") from value in values select (name, value);
        return entry.ListOf().Select(entries => "{" + string.Join(",", entries.DistinctBy(e => e.name).Select(e => $"\"{e.name}\":{e.value}")) + "}");
    }

    private static void Same(string expected, JsonNode? actual) =>
        Assert.True(JsonEquality.Equal(JsonNode.Parse(expected), actual), $"expected {expected}\nbut found {actual?.ToJsonString()}");
}
