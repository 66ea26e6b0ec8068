using System.Globalization;
using System.Numerics;
using System.Text.Json.Nodes;
using Coxswain.Api.Schemata;
using Coxswain.Cel.Types;
using Coxswain.Cel.Values;

namespace Coxswain.Cel.Tests;

/// <summary>
/// The language's own conformance cases (https://github.com/google/cel-spec, tests/simple), but those about messages, containers and
/// unknown values, of which Kubernetes has none.
/// </summary>
public class ConformanceTests
{
    private const string File = "testdata/conformance.jsonl";

    /// <summary>Kubernetes takes no IPv4 addresses in the clothes of IPv6.</summary>
    private static readonly HashSet<string> Deviations = new(StringComparer.Ordinal) { "network_ext/ipv4/ipv4_equals_ipv6", "network_ext/ipv4/ipv4_not_equals_ipv6" };

    public static TheoryData<string> Groups() => [.. Cases().Select(GroupOf).Distinct()];

    [Theory]
    [MemberData(nameof(Groups))]
    public void Group_EachCase_GivesWhatTheLanguageSays(string group)
    {
        var failures = Cases().Where(one => GroupOf(one) == group && !Deviations.Contains((string)one["name"]!)).Select(Failure).OfType<string>().ToList();
        Assert.True(failures.Count == 0, $"{failures.Count} failed\n{string.Join('\n', failures)}");
    }

    private static string? Failure(JsonObject one)
    {
        var name = $"{one["name"]}: {one["expr"]}";
        var variables = (one["env"]?.AsObject() ?? []).ToDictionary(entry => entry.Key, entry => TypeTexts.Parse((string)entry.Value!), StringComparer.Ordinal);
        foreach (var (variable, _) in one["bindings"]?.AsObject() ?? [])
        {
            variables.TryAdd(variable, CelType.Dyn);
        }

        var compiled = CelEnvironment.Standard(variables, SchemaPattern.CompileRegex).Compile((string)one["expr"]!);
        if (compiled.Program is null)
        {
            return one["error"] is not null || one["unchecked"] is not null ? null : $"{name}: {compiled.Issues[0].Message}";
        }

        if (one["type"] is { } type && compiled.Program.Type.ToString() != (string)type!)
        {
            return $"{name}: type {compiled.Program.Type}, not {type}";
        }

        if (one["checkOnly"] is not null)
        {
            return null;
        }

        var bindings = (one["bindings"]?.AsObject() ?? []).ToDictionary(entry => entry.Key, entry => Value(entry.Value!), StringComparer.Ordinal);
        var result = compiled.Program.Evaluate(variable => bindings.GetValueOrDefault(variable), costLimit: 1_000_000);
        if (one["error"] is not null)
        {
            return result.Error is null ? $"{name}: {Shown(result.Value)}, not an error" : null;
        }

        var expected = Value(one["value"]!);
        return Same(expected, result.Value) ? null : $"{name}: {Shown(result.Value)}, not {Shown(expected)}";
    }

    /// <summary>Of one type, too, which equality in the language does not ask for.</summary>
    private static bool Same(object expected, object found) => (expected, found) switch
    {
        (double a, double b) => a.Equals(b),
        (CelList a, CelList b) => a.Count == b.Count && a.Items().Zip(b.Items()).All(pair => Same(pair.First, pair.Second)),
        (CelMap a, CelMap b) => a.Count == b.Count && a.Keys.All(key => b.Find(key) is { } other && Same(a.Find(key)!, other)),
        _ => CelValues.TypeOf(expected).Name == (found is CelError ? "" : CelValues.TypeOf(found).Name) && CelValues.Equal(expected, found),
    };

    private static string Shown(object value) => value is CelError error ? $"error {error.Message}" : $"{CelValues.TypeOf(value)} {CelText.Of(value)}";

    private static object Value(JsonNode node)
    {
        var (kind, value) = node.AsObject().Single();
        return kind switch
        {
            "null" => CelNull.Value,
            "bool" => (bool)value!,
            "int" => long.Parse((string)value!, CultureInfo.InvariantCulture),
            "uint" => ulong.Parse((string)value!, CultureInfo.InvariantCulture),
            "double" => ((string)value!).TrimStart('-') switch
            {
                "inf" => ((string)value!)[0] == '-' ? double.NegativeInfinity : double.PositiveInfinity,
                "nan" => double.NaN,
                _ => double.Parse((string)value!, CultureInfo.InvariantCulture),
            },
            "string" => (string)value!,
            "bytes" => Convert.FromHexString((string)value!),
            "type" => TypeTexts.Named((string)value!),
            "duration" => new CelDuration((Int128)BigInteger.Parse((string)value!, CultureInfo.InvariantCulture)),
            "timestamp" => new CelTimestamp((Int128)BigInteger.Parse((string)value!, CultureInfo.InvariantCulture)),
            "list" => CelList.Of([.. value!.AsArray().Select(item => Value(item!))]),
            _ => CelMap.Of(value!.AsArray().Select(entry => KeyValuePair.Create(Value(entry![0]!), Value(entry[1]!))))!,
        };
    }

    private static string GroupOf(JsonObject one) => ((string)one["name"]!).Split('/')[0];

    private static IEnumerable<JsonObject> Cases() =>
        System.IO.File.ReadLines(Path.Combine(AppContext.BaseDirectory, File)).Select(line => JsonNode.Parse(line)!.AsObject());
}
