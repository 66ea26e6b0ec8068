using System.Text.Json.Nodes;
using Coxswain.Api.Errors;
using Coxswain.Api.Json;
using Coxswain.Cel;
using Coxswain.Cel.Types;

namespace Coxswain.ApiServer.Admission.Expressions;

/// <summary>What must hold of a write for a webhook or a policy to be asked about it.</summary>
internal sealed record MatchCondition(string Name, CelCompilation Compilation)
{
    /// <summary>What all conditions of one webhook or policy may cost together, as in Kubernetes.</summary>
    public const long MostCost = 2_500_000;

    /// <summary>How many there may be, as in Kubernetes.</summary>
    public const int MostConditions = 64;

    public static IReadOnlyList<MatchCondition> ReadAll(JsonObject owner, AdmissionScope scope) => [.. (owner.Array("matchConditions") ?? [])
        .OfType<JsonObject>().Select(condition => new MatchCondition(condition.Text("name"), scope.Compile(condition.Text("expression"))))];

    /// <summary>The names and number of match conditions; their expressions are checked with the others.</summary>
    public static IEnumerable<FieldError> CheckAll(JsonObject owner, string path)
    {
        var conditions = (owner.Array("matchConditions") ?? []).OfType<JsonObject>().ToList();
        if (conditions.Count > MostConditions)
        {
            yield return FieldError.TooMany($"{path}matchConditions", conditions.Count, MostConditions);
        }

        var names = new HashSet<string>(StringComparer.Ordinal);
        for (var i = 0; i < conditions.Count; i++)
        {
            if (conditions[i].Text("name") is not { Length: > 0 } name)
            {
                yield return FieldError.Required($"{path}matchConditions[{i}].name");
            }
            else if (!names.Add(name))
            {
                yield return FieldError.Duplicate($"{path}matchConditions[{i}].name", name);
            }
        }
    }

    /// <summary>What is wrong with the expression; null for nothing.</summary>
    public static string? IssueOf(CelCompilation compilation, CelType wanted) => compilation.Program is not { } program
        ? $"compilation failed: {compilation.Message}"
        : program.Type.Kind != wanted.Kind && program.Type.Kind != CelKind.Dyn ? $"must evaluate to {wanted}" : null;

    /// <summary>One that does not hold decides, whatever became of the others.</summary>
    public static async ValueTask<ConditionVerdict> HoldAsync(
        IReadOnlyList<MatchCondition> conditions, AdmissionEvaluation evaluation, CancellationToken cancellationToken)
    {
        string? error = null;
        foreach (var condition in conditions)
        {
            var result = await evaluation.EvaluateAsync(condition.Compilation, cancellationToken);
            if (result.Value is false)
            {
                return new ConditionVerdict(false, null);
            }

            if (result.Value is not true)
            {
                error ??= $"expression '{condition.Compilation.Source}' resulted in error: {result.Error ?? "it is neither true nor false"}";
            }
        }

        return new ConditionVerdict(error is null, error);
    }
}

/// <param name="Error">Why it could not be told; null when it could.</param>
internal readonly record struct ConditionVerdict(bool Holds, string? Error);
