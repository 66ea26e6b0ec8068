using System.Text.Json.Nodes;
using Coxswain.Api.Json;

namespace Coxswain.Api.Tests;

public sealed class JsonPathTests
{
    private const string Document = """
        {"metadata":{"labels":{"app.kubernetes.io/name":"x"}},"spec":{"size":3,"items":[{"name":"a","n":1},{"name":"b","n":2}]},
         "status":{"conditions":[{"type":"Ready","status":"True"},{"type":"Old","status":"False"}]}}
        """;

    [Theory]
    [InlineData(".spec.size", "3")]
    [InlineData("$.spec.size", "3")]
    [InlineData(".spec.items[1].name", "b")]
    [InlineData(".spec.items[-1].name", "b")]
    [InlineData(".spec.items[*].n", "1 2")]
    [InlineData(".spec.items[0:1].n", "1")]
    [InlineData(".status.conditions[?(@.type==\"Ready\")].status", "True")]
    [InlineData(".status.conditions[?(@.type=='Old')].status", "False")]
    [InlineData(".spec.items[?(@.n>1)].name", "b")]
    [InlineData(".metadata.labels.app\\.kubernetes\\.io/name", "x")]
    [InlineData(".metadata.labels['app.kubernetes.io/name']", "x")]
    [InlineData("..type", "Ready Old")]
    [InlineData(".spec.missing.deep", "")]
    public void Find_APath_IsWhatLiesThere(string path, string expected) =>
        Assert.Equal(expected, string.Join(' ', JsonPath.Parse(path).Find(JsonNode.Parse(Document)!).Select(node => node.ToString())));

    [Theory]
    [InlineData("spec")]
    [InlineData(".spec[")]
    [InlineData(".spec[?(@.a==1]")]
    [InlineData(".spec[a]")]
    public void Parse_NoPath_IsRefused(string path) => Assert.Throws<FormatException>(() => JsonPath.Parse(path));

    [Fact]
    public void Parse_TooLong_IsRefused() => Assert.Throws<FormatException>(() => JsonPath.Parse(new string('.', JsonPath.MaxLength + 1)));
}
