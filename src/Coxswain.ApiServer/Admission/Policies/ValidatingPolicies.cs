using System.Globalization;
using System.Text.Json.Nodes;
using Coxswain.Api.Errors;
using Coxswain.ApiServer.Admission.Expressions;
using Coxswain.ApiServer.Admission.Matching;
using Coxswain.ApiServer.Resources;
using Coxswain.Store;

namespace Coxswain.ApiServer.Admission.Policies;

/// <summary>
/// Holds writes against the ValidatingAdmissionPolicies that are bound for them. What a policy says is refused, warned of or
/// noted in the audit log, as its binding wants.
/// </summary>
internal sealed class ValidatingPolicies(IStore store, RequestMatcher matcher, EvaluationSource evaluations, PolicyParams parameters)
    : IAdmissionPlugin, IAsyncDisposable
{
    private const string FailureAnnotation = "validation.policy.admission.k8s.io/validation_failure";

    /// <summary>What one policy may cost for one write, as in Kubernetes.</summary>
    private const long MostCost = 10_000_000;

    /// <summary>What an expression may say in a message.</summary>
    private const int MostMessageCharacters = 5 * 1024;

    private readonly PolicyCatalog _catalog = new(store, PolicyCatalog.Validating);

    public async ValueTask ValidateAsync(AdmissionContext context, CancellationToken cancellationToken)
    {
        var policies = await _catalog.GetAsync(cancellationToken);
        if (policies.Count == 0 || RequestMatcher.IsExempt(context))
        {
            return;
        }

        var outcome = new Outcome(context.Request);
        foreach (var (policy, bindings) in policies)
        {
            if (await matcher.MatchAsync(policy.Criteria, context, cancellationToken) is not { } version)
            {
                continue;
            }

            AdmissionEvaluation? evaluation = null;
            foreach (var binding in bindings)
            {
                if (await matcher.MatchAsync(binding.Criteria, context, cancellationToken) is null)
                {
                    continue;
                }

                evaluation ??= await evaluations.BeginAsync(context, version, MostCost, cancellationToken);
                await ValidateAsync(policy, binding, context, evaluation, outcome, cancellationToken);
            }
        }

        outcome.Conclude(context);
    }

    public ValueTask DisposeAsync() => _catalog.DisposeAsync();

    private async ValueTask ValidateAsync(
        PolicyDefinition policy, PolicyBinding binding, AdmissionContext context, AdmissionEvaluation evaluation, Outcome outcome,
        CancellationToken cancellationToken)
    {
        var found = await parameters.FindAsync(policy, binding, context, cancellationToken);
        if (found.Error is { } error)
        {
            if (policy.FailsClosed)
            {
                outcome.Deny(PolicyRefusal.Of(context, "Validating", policy, binding, $"failed to configure binding: {error}"));
            }

            return;
        }

        foreach (var param in found.Params)
        {
            var with = evaluation.With(param, policy.Variables);
            var conditions = await MatchCondition.HoldAsync(policy.Conditions, with, cancellationToken);
            if (conditions.Error is { } failure && policy.FailsClosed)
            {
                outcome.Failed(context, policy, binding, 0, failure, "");
            }

            if (conditions.Holds)
            {
                for (var i = 0; i < policy.Validations.Count; i++)
                {
                    await CheckAsync(policy, binding, context, with, i, outcome, cancellationToken);
                }

                await AnnotateAsync(policy, context.Request, with, cancellationToken);
            }
        }
    }

    private static async ValueTask CheckAsync(
        PolicyDefinition policy, PolicyBinding binding, AdmissionContext context, AdmissionEvaluation evaluation, int index, Outcome outcome,
        CancellationToken cancellationToken)
    {
        var validation = policy.Validations[index];
        var result = await evaluation.EvaluateAsync(validation.Expression, cancellationToken);
        if (result.Value is true)
        {
            return;
        }

        if (result.Error is { } error)
        {
            if (policy.FailsClosed)
            {
                outcome.Failed(context, policy, binding, index, $"expression '{validation.Expression.Source}' resulted in error: {error}", validation.Reason);
            }

            return;
        }

        var message = validation.Message;
        if (validation.MessageExpression is { } expression
            && (await evaluation.EvaluateAsync(expression, cancellationToken)).Value is string text
            && text.Trim() is { Length: > 0 and <= MostMessageCharacters } said && !said.Contains('\n'))
        {
            message = said;
        }

        outcome.Failed(
            context, policy, binding, index, message.Length > 0 ? message : $"failed expression: {validation.Expression.Source.Trim()}", validation.Reason);
    }

    private static async ValueTask AnnotateAsync(
        PolicyDefinition policy, ApiRequest request, AdmissionEvaluation evaluation, CancellationToken cancellationToken)
    {
        foreach (var (key, value) in policy.Annotations)
        {
            if ((await evaluation.EvaluateAsync(value, cancellationToken)).Value is string text && text.Trim().Length > 0)
            {
                request.Annotate($"{policy.Name}/{key}", text.Trim());
            }
        }
    }

    /// <summary>What came of all policies together; the first refusal is the one that is told.</summary>
    private sealed class Outcome(ApiRequest request)
    {
        private readonly JsonArray _noted = [];
        private KubeStatusException? _denied;

        public void Deny(KubeStatusException refusal) => _denied ??= refusal;

        public void Failed(AdmissionContext context, PolicyDefinition policy, PolicyBinding binding, int index, string message, string reason)
        {
            foreach (var action in binding.Actions)
            {
                switch (action)
                {
                    case "Deny":
                        Deny(PolicyRefusal.Of(context, "Validating", policy, binding, message, reason));
                        break;
                    case "Warn":
                        request.Warnings.Add($"Validation failed for ValidatingAdmissionPolicy '{policy.Name}' with binding '{binding.Name}': {message}");
                        break;
                    case "Audit":
                        _noted.Add(new JsonObject
                        {
                            ["message"] = message,
                            ["policy"] = policy.Name,
                            ["binding"] = binding.Name,
                            ["expressionIndex"] = index.ToString(CultureInfo.InvariantCulture),
                            ["validationActions"] = new JsonArray([.. binding.Actions.Select(known => JsonValue.Create(known))]),
                        });
                        break;
                }
            }
        }

        public void Conclude(AdmissionContext context)
        {
            if (_noted.Count > 0)
            {
                context.Request.Annotate(FailureAnnotation, _noted.ToJsonString());
            }

            if (_denied is not null)
            {
                throw _denied;
            }
        }
    }
}
