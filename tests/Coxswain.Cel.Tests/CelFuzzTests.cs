using System.Text;
using Coxswain.Api.Schemata;
using Coxswain.Cel.Types;
using Coxswain.Cel.Values;
using Coxswain.Testing.Fuzzing;

namespace Coxswain.Cel.Tests;

/// <summary>Whatever the source: a program or issues, and of a program a value, an error, or an end because it costs too much.</summary>
public class CelFuzzTests
{
    private static readonly CelEnvironment Environment = CelEnvironment.Kubernetes(
        new Dictionary<string, CelType> { ["x"] = CelType.Dyn, ["y"] = CelType.List(CelType.Int), ["z"] = CelType.Map(CelType.String, CelType.Int) }, SchemaPattern.CompileRegex);

    private static readonly byte[][] Sources = [.. File.ReadLines(Path.Combine(AppContext.BaseDirectory, "testdata/conformance.jsonl"))
        .Where((_, i) => i % 7 == 0).Select(line => Encoding.UTF8.GetBytes((string)System.Text.Json.Nodes.JsonNode.Parse(line)!["expr"]!))];

    [Fact]
    public void Compile_AnySource_IsAProgramOrIssues() => Fuzzer.Run("cel", Sources, input =>
    {
        var compiled = Environment.Compile(Encoding.UTF8.GetString(input));
        if (compiled.Program is null)
        {
            Fuzzer.Require(compiled.Issues.Count > 0 && compiled.Message.Length > 0, "neither a program nor an issue");
            return;
        }

        var result = compiled.Program.Evaluate(name => name switch { "x" => CelNull.Value, "y" => CelList.Of(1L, 2L), _ => CelMap.Empty }, 10_000);
        Fuzzer.Require(result.Value is CelError || CelValues.TypeOf(result.Value) is not null, "no value");
        Fuzzer.Require(CelText.Of(result.Value) is not null, "no text");
    });
}
