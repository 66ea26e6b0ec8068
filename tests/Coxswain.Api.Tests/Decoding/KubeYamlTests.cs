using System.Text;
using System.Text.Json.Nodes;
using Coxswain.Api.Decoding;
using Coxswain.Api.Errors;

namespace Coxswain.Api.Tests;

public class KubeYamlTests
{
    [Theory]
    [InlineData("a: yes", """{"a":true}""")]
    [InlineData("a: off", """{"a":false}""")]
    [InlineData("a: 'yes'", """{"a":"yes"}""")]
    [InlineData("a: ~", """{"a":null}""")]
    [InlineData("a:", """{"a":null}""")]
    [InlineData("a: 0755", """{"a":493}""")]
    [InlineData("a: 0o17", """{"a":15}""")]
    [InlineData("a: 0x1F", """{"a":31}""")]
    [InlineData("a: 1_000", """{"a":1000}""")]
    [InlineData("a: 089", """{"a":89}""")]
    [InlineData("a: -12", """{"a":-12}""")]
    [InlineData("a: 0.5", """{"a":0.5}""")]
    [InlineData("a: 12:30:45", """{"a":"12:30:45"}""")]
    [InlineData("a: 2020-01-01", """{"a":"2020-01-01"}""")]
    [InlineData("a: !!str 5", """{"a":"5"}""")]
    [InlineData("8080: x", """{"8080":"x"}""")]
    [InlineData("a: |\n  x\n  y\n", """{"a":"x\ny\n"}""")]
    [InlineData("a: &x {b: 1}\nc: *x", """{"a":{"b":1},"c":{"b":1}}""")]
    [InlineData("a: &x {b: 1, c: 2}\nd:\n  <<: *x\n  b: 3", """{"a":{"b":1,"c":2},"d":{"b":3,"c":2}}""")]
    [InlineData("", "null")]
    public void ToJson_Scalars_AreWhatKubernetesReads(string yaml, string json) =>
        Assert.Equal(json, Encoding.UTF8.GetString(KubeYaml.ToJson(Encoding.UTF8.GetBytes(yaml))));

    [Fact]
    public void ReadAll_ManyDocuments_SkipsTheEmptyAndKnowsTheirLines()
    {
        var documents = KubeYaml.ReadAll("# nothing\n---\na: 1\n---\n---\nb: 2\n"u8);

        Assert.Equal(["""{"a":1}""", """{"b":2}"""], documents.Select(document => Encoding.UTF8.GetString(document.Json)));
        Assert.Equal([3, 6], documents.Select(document => document.Line));
    }

    [Theory]
    [InlineData("a: 1\nb:\n\t- c\n", 3)]
    [InlineData("a: 1\nb: 2\n c: 3\n", 3)]
    [InlineData("a: 1\nb: [1, 2\nc: 3\n", 2)]
    [InlineData("a: 1\nb: *nope\n", 2)]
    [InlineData("a: 1\nb: \"x\n", 3)]
    public void ToJson_BadYaml_NamesTheLine(string yaml, int line) => Assert.StartsWith($"error parsing YAML: yaml: line {line}: ",
        Assert.Throws<KubeStatusException>(() => KubeYaml.ToJson(Encoding.UTF8.GetBytes(yaml))).Message, StringComparison.Ordinal);

    [Fact]
    public void ToJson_ManyAliases_AreBounded()
    {
        var yaml = new StringBuilder("a0: &a0 [xxxxxxxxxx,xxxxxxxxxx,xxxxxxxxxx]\n");
        for (var i = 1; i < 30; i++)
        {
            yaml.Append($"a{i}: &a{i} [{string.Join(",", Enumerable.Repeat($"*a{i - 1}", 9))}]\n");
        }

        Assert.Contains("excessive aliasing", Assert.Throws<KubeStatusException>(() => KubeYaml.ToJson(Encoding.UTF8.GetBytes(yaml.ToString()))).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void ToJson_DeepNesting_IsRefused() =>
        Assert.Throws<KubeStatusException>(() => KubeYaml.ToJson(Encoding.UTF8.GetBytes(new string('[', 5_000))));

    [Theory]
    [InlineData("""{"a":"yes","b":"1.0","c":"null","d":"","e":"2020-01-01","f":"a: b","g":"0x10","h":"# no","i":" x","j":"x\ny\n","k":"- a","l":"~"}""")]
    [InlineData("""{"":{"h *":null,"":{"":{"":{"":{"":[{"":{"":{}}}]}}}}}}""")]
    [InlineData("""{"a":[],"b":{},"c":[1,[2,{"x":null}]],"d":true,"e":1.5}""")]
    [InlineData("""{"a":"tab\there","b":"trailing ","c":"\n","d":"line\n\n\nlines","e":"'\"","f":"é☃","g":"%x","h":"@y","i":"<<","j":"\r\n"}""")]
    public void ToYaml_AnyDocument_ReadsBackTheSame(string json)
    {
        var yaml = KubeYaml.ToYaml(JsonNode.Parse(json));

        var read = Record.Exception(() => KubeYaml.ToJson(Encoding.UTF8.GetBytes(yaml)));
        Assert.True(read is null, yaml);
        Assert.True(JsonNode.DeepEquals(JsonNode.Parse(json), JsonNode.Parse(KubeYaml.ToJson(Encoding.UTF8.GetBytes(yaml)))), yaml);
    }
}
