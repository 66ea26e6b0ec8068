using System.Text.Json.Nodes;
using Coxswain.Api.Apply;
using Coxswain.Api.Errors;
using Coxswain.Api.Json;
using Coxswain.Api.Patch;
using Coxswain.ApiServer.Admission.Expressions;
using Coxswain.ApiServer.Admission.Matching;
using Coxswain.ApiServer.Resources;
using Coxswain.Cel.Values;
using Coxswain.Store;

namespace Coxswain.ApiServer.Admission.Policies;

/// <summary>
/// Changes what is written as the bound MutatingAdmissionPolicies say, one after the other in the order of their names; those that ask
/// for it once more when somebody changed the object after them.
/// </summary>
internal sealed class MutatingPolicies(IStore store, RequestMatcher matcher, EvaluationSource evaluations, PolicyParams parameters)
    : ILateMutator, IAsyncDisposable
{
    private const long MostCost = 10_000_000;

    private readonly PolicyCatalog _catalog = new(store, PolicyCatalog.Mutating);

    public async ValueTask<bool> MutateAsync(AdmissionContext context, Func<ValueTask> reinvoke, CancellationToken cancellationToken)
    {
        var policies = await _catalog.GetAsync(cancellationToken);
        if (policies.Count == 0 || context.Document is null || RequestMatcher.IsExempt(context))
        {
            return false;
        }

        var seen = new List<(BoundPolicy Bound, JsonNode Left)>();
        var changed = false;
        foreach (var bound in policies)
        {
            changed |= await ApplyAsync(bound, context, cancellationToken);
            if (bound.Policy.IsReinvoked)
            {
                seen.Add((bound, context.Document.DeepClone()));
            }
        }

        if (changed)
        {
            await reinvoke();
            foreach (var (bound, left) in seen)
            {
                if (!JsonEquality.Equal(left, context.Document))
                {
                    await ApplyAsync(bound, context, cancellationToken);
                }
            }
        }

        return changed;
    }

    public async ValueTask ReinvokeAsync(AdmissionContext context, CancellationToken cancellationToken)
    {
        foreach (var bound in RequestMatcher.IsExempt(context) ? [] : await _catalog.GetAsync(cancellationToken))
        {
            if (bound.Policy.IsReinvoked)
            {
                await ApplyAsync(bound, context, cancellationToken);
            }
        }
    }

    public ValueTask DisposeAsync() => _catalog.DisposeAsync();

    /// <returns>Whether the document changed.</returns>
    private async ValueTask<bool> ApplyAsync(BoundPolicy bound, AdmissionContext context, CancellationToken cancellationToken)
    {
        var policy = bound.Policy;
        if (await matcher.MatchAsync(policy.Criteria, context, cancellationToken) is not { } version)
        {
            return false;
        }

        var changed = false;
        foreach (var binding in bound.Bindings)
        {
            if (await matcher.MatchAsync(binding.Criteria, context, cancellationToken) is null)
            {
                continue;
            }

            var found = await parameters.FindAsync(policy, binding, context, cancellationToken);
            if (found.Error is { } error)
            {
                Refuse(context, policy, binding, $"failed to configure binding: {error}");
                continue;
            }

            foreach (var param in found.Params)
            {
                var evaluation = (await evaluations.BeginAsync(context, version, MostCost, cancellationToken)).With(param, policy.Variables);
                changed |= await ApplyAsync(policy, binding, context, evaluation, cancellationToken);
            }
        }

        return changed;
    }

    private static async ValueTask<bool> ApplyAsync(
        PolicyDefinition policy, PolicyBinding binding, AdmissionContext context, AdmissionEvaluation evaluation, CancellationToken cancellationToken)
    {
        var conditions = await MatchCondition.HoldAsync(policy.Conditions, evaluation, cancellationToken);
        if (conditions.Error is { } failure)
        {
            Refuse(context, policy, binding, failure);
        }

        if (!conditions.Holds || evaluation.Document is not { } before)
        {
            return false;
        }

        foreach (var mutation in policy.Mutations)
        {
            var result = await evaluation.EvaluateAsync(mutation.Expression, cancellationToken);
            try
            {
                evaluation.Document = result.Error is { } error ? throw new FormatException($"expression '{mutation.Expression.Source}' resulted in error: {error}")
                    : mutation.IsPatch ? Patched(evaluation.Document!, result.Value) : Merged(evaluation.Document!, result.Value, evaluation.Version); // set above
            }
            catch (Exception exception) when (exception is FormatException or KubeStatusException)
            {
                // A policy that fails open leaves the object as it was before it.
                Refuse(context, policy, binding, exception is KubeStatusException refused ? refused.Status.Message : exception.Message);
                return false;
            }
        }

        if (JsonEquality.Equal(before, evaluation.Document))
        {
            return false;
        }

        var changed = (JsonObject)evaluation.Document!.DeepClone(); // no mutation takes it away
        context.Replace(AdmissionRequestDocument.IsOwnKind(context) ? await evaluation.Version.ToStoredAsync(changed, cancellationToken) : changed);
        return true;
    }

    private static JsonObject Patched(JsonObject document, object value)
    {
        if (value is not CelList list)
        {
            throw new FormatException($"expected a list of {MutationTypes.PatchName}");
        }

        var operations = new JsonArray();
        foreach (var item in list.Items())
        {
            if (item is not CelStruct { TypeName: MutationTypes.PatchName })
            {
                throw new FormatException($"expected a list of {MutationTypes.PatchName}");
            }

            operations.Add(JsonValues.ToJson(item));
        }

        return JsonPatch.Apply(document, operations) as JsonObject ?? throw new FormatException("the patch leaves no object");
    }

    private static JsonObject Merged(JsonObject document, object value, ServedResource version)
    {
        if (value is not CelStruct configuration)
        {
            throw new FormatException($"expected {MutationTypes.ObjectName}");
        }

        CheckNames(configuration, MutationTypes.ObjectName);
        if (version.Schema is not { } schema)
        {
            throw new FormatException("objects of the kind have no schema to apply a configuration by");
        }

        var merged = (JsonObject)document.DeepClone();
        ObjectMerge.Apply(merged, (JsonObject)JsonValues.ToJson(configuration)!, schema); // a struct is an object
        return merged;
    }

    /// <summary>What is made inside an object is named by its path, so that a mistaken place is found.</summary>
    private static void CheckNames(object value, string expected)
    {
        switch (value)
        {
            case CelStruct made:
                if (made.TypeName != expected)
                {
                    throw new FormatException(
                        $"type mismatch: unexpected type name \"{made.TypeName}\", expected \"{expected}\", which matches field name path from root Object type");
                }

                foreach (string field in made.Keys)
                {
                    CheckNames(made.Find(field)!, $"{expected}.{field}"); // one of its keys
                }

                break;
            case CelList list:
                foreach (var item in list.Items())
                {
                    CheckNames(item, expected);
                }

                break;
            case CelOptional { HasValue: true } optional:
                CheckNames(optional.Value!, expected); // it has one
                break;
        }
    }

    private static void Refuse(AdmissionContext context, PolicyDefinition policy, PolicyBinding binding, string message)
    {
        if (policy.FailsClosed)
        {
            throw PolicyRefusal.Of(context, "Mutating", policy, binding, message);
        }
    }
}
