using System.Globalization;
using System.Text.Json.Nodes;
using Coxswain.Api.Errors;
using Coxswain.Api.Json;
using Coxswain.Cel;
using Coxswain.Cel.Values;

namespace Coxswain.ApiServer.ValidationRules;

/// <summary>
/// Asks the rules of a schema about one object. What the writer did not change is not held against rules that came later. See
/// https://kubernetes.io/docs/tasks/extend-kubernetes/custom-resources/custom-resource-definitions/#validation-rules.
/// </summary>
internal sealed class RuleRun
{
    /// <summary>What one rule may cost, as in Kubernetes.</summary>
    private const long MostPerRule = 1_000_000;

    /// <summary>What all rules together may cost for one object, as in Kubernetes.</summary>
    private const long MostPerObject = 10_000_000;

    private const int MostErrors = 100;

    private readonly List<FieldError> _errors = [];
    private long _budget = MostPerObject;

    private RuleRun()
    {
    }

    /// <param name="old">Null for a create.</param>
    public static IReadOnlyList<FieldError> Check(RuleTree tree, JsonObject document, JsonObject? old)
    {
        var run = new RuleRun();
        run.Check(tree, document, old, "");
        return run._errors;
    }

    private void Check(RuleTree tree, JsonNode? value, JsonNode? old, string path)
    {
        if (value is null || _errors.Count >= MostErrors || _budget <= 0)
        {
            return;
        }

        var isUnchanged = old is not null && JsonEquality.Equal(value, old);
        foreach (var rule in tree.Rules)
        {
            if (rule.IsTransition ? old is not null || rule.HasOptionalOldSelf : !isUnchanged)
            {
                Ask(rule, tree, value, old, path);
            }
        }

        switch (value)
        {
            case JsonObject properties:
                foreach (var (name, child) in properties)
                {
                    if (tree.Properties.TryGetValue(name, out var property))
                    {
                        Check(property, child, (old as JsonObject)?[name], path.Length == 0 ? name : $"{path}.{name}");
                    }
                    else if (tree.Values is not null)
                    {
                        Check(tree.Values, child, (old as JsonObject)?[name], $"{path}[{name}]");
                    }
                }

                break;
            case JsonArray items when tree.Items is not null:
                for (var i = 0; i < items.Count; i++)
                {
                    Check(tree.Items, items[i], Before(tree, items[i], old as JsonArray), string.Create(CultureInfo.InvariantCulture, $"{path}[{i}]"));
                }

                break;
        }
    }

    /// <summary>An item is the one of before only where items have names.</summary>
    private static JsonObject? Before(RuleTree tree, JsonNode? item, JsonArray? old)
    {
        if (tree.Schema.Text("x-kubernetes-list-type") != "map" || item is not JsonObject named || old is null)
        {
            return null;
        }

        var keys = (tree.Schema.Array("x-kubernetes-list-map-keys") ?? []).Select(key => key.TryText(out var text) ? text : "").ToList();
        return old.OfType<JsonObject>().FirstOrDefault(other => keys.TrueForAll(key => JsonEquality.Equal(other[key], named[key])));
    }

    private void Ask(ValidationRule rule, RuleTree tree, JsonNode value, JsonNode? old, string path)
    {
        if (rule.Compilation.Program is not { } program || _budget <= 0)
        {
            return;
        }

        object? Variable(string name) => name switch
        {
            "self" => SchemaValues.Of(value, tree.Schema),
            "oldSelf" when rule.HasOptionalOldSelf => old is null ? CelOptional.None : new CelOptional(SchemaValues.Of(old, tree.Schema)),
            "oldSelf" => old is null ? null : SchemaValues.Of(old, tree.Schema),
            _ => null,
        };
        var result = Evaluate(program, Variable);
        if (result.Value is true)
        {
            return;
        }

        var place = path + rule.FieldPath;
        place = path.Length == 0 ? place.TrimStart('.') : place;
        if (result.IsTooCostly)
        {
            var why = _budget <= 0 ? "validation failed due to running out of cost budget, no further validation rules will be run"
                : "no further validation rules will be run due to call cost exceeds limit for rule: " + rule.Compilation.Source;
            _budget = 0;
            _errors.Add(FieldError.Invalid(place, TypeOf(value), why));
            return;
        }

        _errors.Add(new FieldError(rule.Type, place, TypeOf(value), result.Error is { } error ? $"{error} evaluating rule: {rule.Message}" : MessageOf(rule, Variable)));
    }

    private CelResult Evaluate(CelProgram program, Func<string, object?> variables)
    {
        var result = program.Evaluate(variables, Math.Min(MostPerRule, _budget));
        _budget -= result.Cost;
        return result;
    }

    private string MessageOf(ValidationRule rule, Func<string, object?> variables) =>
        rule.MessageCompilation?.Program is { } program && Evaluate(program, variables).Value is string text
            && text.Trim() is { Length: > 0 } message && !message.Contains('\n') ? message : rule.Message;

    private static string TypeOf(JsonNode value) => value switch
    {
        JsonObject => "object",
        JsonArray => "array",
        _ when value.TryText(out _) => "string",
        _ when value.TryInteger(out _) => "integer",
        _ when value.TryNumber(out _) => "number",
        _ => "boolean",
    };
}
