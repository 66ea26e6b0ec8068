using System.Text.Json.Nodes;
using Coxswain.Api.Errors;
using Coxswain.Api.Json;

namespace Coxswain.ApiServer.ValidationRules;

/// <summary>The rules of a schema where they stand in it; parts of the schema without rules are left out.</summary>
internal sealed class RuleTree
{
    private RuleTree(JsonObject schema, IReadOnlyList<ValidationRule> rules, IReadOnlyDictionary<string, RuleTree> properties, RuleTree? items, RuleTree? values)
    {
        Schema = schema;
        Rules = rules;
        Properties = properties;
        Items = items;
        Values = values;
    }

    public JsonObject Schema { get; }

    public IReadOnlyList<ValidationRule> Rules { get; }

    public IReadOnlyDictionary<string, RuleTree> Properties { get; }

    public RuleTree? Items { get; }

    /// <summary>Of the values of a map.</summary>
    public RuleTree? Values { get; }

    /// <summary>Null when no rule stands in the schema.</summary>
    public static RuleTree? Read(JsonObject schema)
    {
        var rules = ValidationRule.ReadAll(schema);
        var properties = new Dictionary<string, RuleTree>(StringComparer.Ordinal);
        foreach (var (name, child) in schema.Object("properties") ?? [])
        {
            if (child is JsonObject property && Read(property) is { } tree)
            {
                properties.Add(name, tree);
            }
        }

        var items = schema.Object("items") is { } item ? Read(item) : null;
        var values = schema.Object("additionalProperties") is { } value ? Read(value) : null;
        return rules.Count == 0 && properties.Count == 0 && items is null && values is null
            ? null : new RuleTree(schema, rules, properties, items, values);
    }

    /// <summary>Rules that are no expressions, by their places below a path.</summary>
    public IEnumerable<FieldError> Issues(string path)
    {
        for (var i = 0; i < Rules.Count; i++)
        {
            var place = $"{path}.x-kubernetes-validations[{i}]";
            if (Rules[i].Compilation is { Program: null } rule)
            {
                yield return FieldError.Invalid($"{place}.rule", rule.Source, $"compilation failed: {rule.Message}");
            }

            if (Rules[i].MessageCompilation is { Program: null } message)
            {
                yield return FieldError.Invalid($"{place}.messageExpression", message.Source, $"messageExpression compilation failed: {message.Message}");
            }
        }

        foreach (var error in Properties.SelectMany(property => property.Value.Issues($"{path}.properties[{property.Key}]"))
            .Concat(Items?.Issues($"{path}.items") ?? []).Concat(Values?.Issues($"{path}.additionalProperties") ?? []))
        {
            yield return error;
        }
    }
}
