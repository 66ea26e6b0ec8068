using System.Text.Json.Nodes;
using Coxswain.ApiServer.Verbs;
using Coxswain.Client;

namespace Coxswain.ApiServer.Tests.Verbs;

public sealed class PatchedFieldsTests
{
    [Theory]
    [InlineData(PatchType.Merge, """{"metadata":{"labels":null},"status":{}}""", "metadata status")]
    [InlineData(PatchType.StrategicMerge, """{"status":{"$patch":"replace"}}""", "status")]
    [InlineData(PatchType.Json, """[{"op":"move","from":"/spec/a","path":"/status/b/c"},{"op":"remove","path":"/metadata"}]""", "metadata spec status")]
    [InlineData(PatchType.Json, """[7]""", "")]
    public void Of_PatchThatSaysWhatItChanges_NamesTheFields(PatchType type, string patch, string expected) =>
        Assert.Equal(expected, string.Join(' ', PatchedFields.Of(type, JsonNode.Parse(patch))!.Order(StringComparer.Ordinal)));

    [Theory]
    [InlineData(PatchType.StrategicMerge, """{"$patch":"replace","status":{}}""")]
    [InlineData(PatchType.Json, """[{"op":"replace","path":"","value":{}}]""")]
    [InlineData(PatchType.Json, """[{"op":"add","path":"/","value":{}}]""")]
    [InlineData(PatchType.Json, """[{"op":"remove","path":"/sta~0tus"}]""")]
    public void Of_PatchThatMayChangeAnything_IsNull(PatchType type, string patch) =>
        Assert.Null(PatchedFields.Of(type, JsonNode.Parse(patch)));
}
