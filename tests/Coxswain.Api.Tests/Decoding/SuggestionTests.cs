using System.Text;
using Coxswain.Api.Decoding;

namespace Coxswain.Api.Tests;

public class SuggestionTests
{
    [Theory]
    [InlineData("containers: [{name: a, environment: []}]", "spec.containers[0].environment", "env")]
    [InlineData("containers: [{name: a, env_file: []}]", "spec.containers[0].env_file", "envFrom")]
    [InlineData("containers: [{name: a, imagePullpolicy: Always}]", "spec.containers[0].imagePullpolicy", "imagePullPolicy")]
    [InlineData("containers: [{name: a, image_pull_policy: Always}]", "spec.containers[0].image_pull_policy", "imagePullPolicy")]
    [InlineData("containers: [{name: a, port: []}]", "spec.containers[0].port", "ports")]
    [InlineData("containers: [{name: a, entrypoint: []}]", "spec.containers[0].entrypoint", "command")]
    [InlineData("containers: [{name: a, volumes: []}]", "spec.containers[0].volumes", "volumeMounts")]
    [InlineData("restart: always", "spec.restart", "restartPolicy")]
    public void Decode_WordsFromElsewhere_AreTranslated(string spec, string path, string meant)
    {
        var decoded =
            ObjectDecoder.DecodeYaml(Encoding.UTF8.GetBytes($"apiVersion: v1\nkind: Pod\nspec:\n  {spec}\n"),
                new("v1", "Pod"));

        Assert.Equal($"unknown field \"{path}\" (did you mean \"{meant}\"?)", Assert.Single(decoded.Warnings));
    }

    [Fact]
    public void For_ApiVersions_IsApiVersion() =>
        Assert.Equal("apiVersion", Suggestion.For("apiVersions", ["apiVersion", "kind"]));

    [Fact]
    public void For_NothingNear_IsNothing() => Assert.Null(Suggestion.For("depends_on", ["apiVersion", "kind"]));

    [Fact]
    public void For_NameOfAMegabyte_IsNothing() =>
        Assert.Null(Suggestion.For(new string('_', 1_000_000), ["apiVersion"]));
}
