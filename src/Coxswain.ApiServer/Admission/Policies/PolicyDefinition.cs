using System.Text.Json.Nodes;
using Coxswain.Api;
using Coxswain.Api.Json;
using Coxswain.ApiServer.Admission.Expressions;
using Coxswain.ApiServer.Admission.Matching;
using Coxswain.ApiServer.Documents;
using Coxswain.Cel;
using Coxswain.Cel.Types;

namespace Coxswain.ApiServer.Admission.Policies;

/// <summary>A ValidatingAdmissionPolicy or MutatingAdmissionPolicy, read and compiled.</summary>
internal sealed class PolicyDefinition
{
    private PolicyDefinition(JsonObject policy, CelType? objectType)
    {
        var spec = policy.Object("spec") ?? [];
        Name = policy.TextAt("metadata", "name");
        ParamKind = spec.Object("paramKind") is { } kind ? new ObjectKind(kind.Text("apiVersion"), kind.Text("kind")) : null;
        Criteria = MatchCriteria.Read(spec.Object("matchConstraints") ?? [], "resourceRules");
        FailsClosed = spec.Text("failurePolicy") != "Ignore";
        IsReinvoked = spec.Text("reinvocationPolicy") == "IfNeeded";
        var scope = AdmissionScope.Policy(ParamKind is not null, objectType);
        Conditions = MatchCondition.ReadAll(spec, scope);
        var variables = new Dictionary<string, CelCompilation>(StringComparer.Ordinal);
        foreach (var variable in Items(spec, "variables"))
        {
            // A variable may name those before it.
            var compiled = scope.Compile(variable.Text("expression"));
            variables[variable.Text("name")] = compiled;
            scope = scope.With(variable.Text("name"), compiled.Program?.Type ?? CelType.Dyn);
        }

        Variables = variables;
        Validations = [.. Items(spec, "validations").Select(item => new PolicyValidation(
            scope.Compile(item.Text("expression")), item.Text("message").Trim(),
            item.Text("messageExpression") is { Length: > 0 } expression ? scope.Compile(expression) : null, item.Text("reason")))];
        Annotations = [.. Items(spec, "auditAnnotations").Select(item => (item.Text("key"), scope.Compile(item.Text("valueExpression"))))];
        Mutations = [.. Items(spec, "mutations").Select(item => item.Text("patchType") == "JSONPatch"
            ? new PolicyMutation(IsPatch: true, scope.CompileMutation(item.Object("jsonPatch")?.Text("expression") ?? ""))
            : new PolicyMutation(IsPatch: false, scope.CompileMutation(item.Object("applyConfiguration")?.Text("expression") ?? "")))];
    }

    public string Name { get; }

    /// <summary>The kind of the parameters; null for a policy without.</summary>
    public ObjectKind? ParamKind { get; }

    public MatchCriteria Criteria { get; }

    /// <summary>A write is refused when the policy cannot be evaluated.</summary>
    public bool FailsClosed { get; }

    /// <summary>Applied again when somebody changed the object after it.</summary>
    public bool IsReinvoked { get; }

    public IReadOnlyList<MatchCondition> Conditions { get; }

    public IReadOnlyDictionary<string, CelCompilation> Variables { get; }

    public IReadOnlyList<PolicyValidation> Validations { get; }

    /// <summary>What the audit log is told, by its key.</summary>
    public IReadOnlyList<(string Key, CelCompilation Value)> Annotations { get; }

    public IReadOnlyList<PolicyMutation> Mutations { get; }

    /// <param name="objectType">The type of what is written where one is known; null for any.</param>
    public static PolicyDefinition Read(JsonObject policy, CelType? objectType = null) => new(policy, objectType);

    /// <summary>Every expression with its place, and what is wrong with it; null for nothing.</summary>
    public IEnumerable<(string Field, string Source, string? Issue)> Expressions()
    {
        for (var i = 0; i < Conditions.Count; i++)
        {
            yield return Checked($"spec.matchConditions[{i}].expression", Conditions[i].Compilation, CelType.Bool);
        }

        var next = 0;
        foreach (var (_, variable) in Variables)
        {
            yield return ($"spec.variables[{next++}].expression", variable.Source, variable.Program is null ? $"compilation failed: {variable.Message}" : null);
        }

        for (var i = 0; i < Validations.Count; i++)
        {
            yield return Checked($"spec.validations[{i}].expression", Validations[i].Expression, CelType.Bool);
            if (Validations[i].MessageExpression is { } message)
            {
                yield return Checked($"spec.validations[{i}].messageExpression", message, CelType.String);
            }
        }

        for (var i = 0; i < Annotations.Count; i++)
        {
            var value = Annotations[i].Value;
            yield return ($"spec.auditAnnotations[{i}].valueExpression", value.Source, value.Program is not { } program ? $"compilation failed: {value.Message}"
                : program.Type.Kind is CelKind.String or CelKind.Null or CelKind.Dyn ? null : "must evaluate to string or null_type");
        }

        for (var i = 0; i < Mutations.Count; i++)
        {
            var mutation = Mutations[i];
            var compiled = mutation.Expression;
            var issue = compiled.Program is not { } program ? $"compilation failed: {compiled.Message}" : mutation.IssueOf(program.Type);
            yield return ($"spec.mutations[{i}].{(mutation.IsPatch ? "jsonPatch" : "applyConfiguration")}.expression", compiled.Source, issue);
        }
    }

    private static (string, string, string?) Checked(string field, CelCompilation compilation, CelType wanted) =>
        (field, compilation.Source, MatchCondition.IssueOf(compilation, wanted));

    private static IEnumerable<JsonObject> Items(JsonObject spec, string name) => (spec.Array(name) ?? []).OfType<JsonObject>();
}

/// <param name="MessageExpression">Null when the message is a text.</param>
/// <param name="Reason">Empty for Invalid.</param>
internal sealed record PolicyValidation(CelCompilation Expression, string Message, CelCompilation? MessageExpression, string Reason);

/// <param name="IsPatch">It makes a list of operations, rather than a configuration to apply.</param>
internal sealed record PolicyMutation(bool IsPatch, CelCompilation Expression)
{
    /// <summary>What is wrong with an expression of this type; null for nothing.</summary>
    public string? IssueOf(CelType type) => IsPatch
        ? type.Kind == CelKind.Dyn || (type.Kind == CelKind.List && type.Parameters[0] is { Kind: CelKind.Dyn } or { Name: MutationTypes.PatchName })
            ? null : $"must evaluate to list({MutationTypes.PatchName})"
        : type.Kind == CelKind.Dyn || type.Name == MutationTypes.ObjectName ? null : $"must evaluate to {MutationTypes.ObjectName}";
}
