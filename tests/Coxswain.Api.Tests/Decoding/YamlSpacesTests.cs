using System.Text;
using Coxswain.Api.Decoding;
using Coxswain.Api.Errors;
using Coxswain.Api.Json;

namespace Coxswain.Api.Tests;

public class YamlSpacesTests
{
    [Theory]
    [InlineData("spec:\n\u00A0 replicas: 1\n", 2, 1)]
    [InlineData("spec:\n \u00A0replicas: 1\n", 2, 2)]
    [InlineData("spec:\n  a: 1\n  \u00A0b: 1\n", 3, 3)]
    [InlineData("spec:\n  image:\u00A0nginx\n  b: 1\n", 2, 9)]
    [InlineData("spec:\n  image: \u00A0nginx\n", 2, 10)]
    [InlineData("spec:\n  -\u00A0a\n  - b\n", 2, 4)]
    [InlineData("a\u00A0b: 1\n", 1, 2)]
    [InlineData("a:\n\u3000b: 1\n", 2, 1)]
    public void ToJson_SpecialSpaces_AreNamedWhereTheyStand(string yaml, int line, int column)
    {
        var message = Assert.Throws<KubeStatusException>(() => KubeYaml.ToJson(Encoding.UTF8.GetBytes(yaml))).Message;

        Assert.StartsWith(
            $"error parsing YAML: yaml: line {line}: column {column}: found a non-breaking or other special space (U+",
                message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("a: 10\u00A0000 km\n", """{"a":"10\u00a0000 km"}""")]
    [InlineData("'a\u00A0b': 1 # \u00A0comment\n", """{"a\u00a0b":1}""")]
    [InlineData("a: |\n  \u00A0x\n", """{"a":"\u00a0x\n"}""")]
    public void ToJson_SpecialSpacesInText_AreText(string yaml, string json) => Assert.Equal(
        KubeJson.ParseNode(Encoding.UTF8.GetBytes(json))!.ToJsonString(),
            KubeJson.ParseNode(KubeYaml.ToJson(Encoding.UTF8.GetBytes(yaml)))!.ToJsonString());
}
