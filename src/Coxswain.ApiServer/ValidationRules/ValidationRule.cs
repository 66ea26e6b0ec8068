using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Coxswain.Api.Errors;
using Coxswain.Api.Json;
using Coxswain.Api.Schemata;
using Coxswain.ApiServer.Expressions;
using Coxswain.Cel;
using Coxswain.Cel.Types;

namespace Coxswain.ApiServer.ValidationRules;

/// <summary>One of a schema's <c>x-kubernetes-validations</c>, compiled.</summary>
internal sealed partial class ValidationRule
{
    private static readonly CelEnvironment Environment = CelEnvironment.Kubernetes(
        new Dictionary<string, CelType> { ["self"] = CelType.Dyn, ["oldSelf"] = CelType.Dyn }, SchemaPattern.CompileRegex);

    private readonly string _rule;
    private readonly string _message;

    private ValidationRule(JsonObject rule)
    {
        _rule = rule.Text("rule").Trim();
        _message = rule.Text("message").Trim();
        Compilation = Compile(_rule);
        MessageCompilation = rule.Text("messageExpression") is { Length: > 0 } expression ? Compile(expression) : null;
        FieldPath = rule.Text("fieldPath");
        HasOptionalOldSelf = rule.Truth("optionalOldSelf") == true;
        IsTransition = OldSelf().IsMatch(_rule);
        Type = rule.Text("reason") switch
        {
            "FieldValueForbidden" => FieldErrorType.Forbidden,
            "FieldValueRequired" => FieldErrorType.Required,
            "FieldValueDuplicate" => FieldErrorType.Duplicate,
            _ => FieldErrorType.Invalid,
        };
    }

    public CelCompilation Compilation { get; }

    /// <summary>Null when the message is a text.</summary>
    public CelCompilation? MessageCompilation { get; }

    /// <summary>Where below the value the error is to be shown; empty for the value itself.</summary>
    public string FieldPath { get; }

    /// <summary>Asked on creation too, with an <c>oldSelf</c> that may be absent.</summary>
    public bool HasOptionalOldSelf { get; }

    /// <summary>It compares with the value before, and so is asked only where there is one.</summary>
    public bool IsTransition { get; }

    public FieldErrorType Type { get; }

    /// <summary>What is said when the rule fails and no expression says it.</summary>
    public string Message => _message.Length > 0 ? _message : $"failed rule: {_rule}";

    public static IReadOnlyList<ValidationRule> ReadAll(JsonObject schema) =>
        [.. (schema.Array("x-kubernetes-validations") ?? []).OfType<JsonObject>().Select(rule => new ValidationRule(rule))];

    private static CelCompilation Compile(string source) => CompiledExpressions.Shared.Compile("rule", Environment, source);

    [GeneratedRegex(@"\boldSelf\b", RegexOptions.NonBacktracking)]
    private static partial Regex OldSelf();
}
