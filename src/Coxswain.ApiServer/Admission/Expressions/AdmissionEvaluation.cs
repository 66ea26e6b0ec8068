using System.Text.Json.Nodes;
using Coxswain.Api.Selectors;
using Coxswain.ApiServer.Authorization;
using Coxswain.ApiServer.Resources;
using Coxswain.ApiServer.Users;
using Coxswain.Cel;
using Coxswain.Cel.Functions;
using Coxswain.Cel.Values;

namespace Coxswain.ApiServer.Admission.Expressions;

/// <summary>
/// Evaluates expressions about one write, within what all of them together may cost. What an expression asks the authorizer is
/// answered outside of it: it stops at the question, and begins again once the answer is known.
/// </summary>
internal sealed class AdmissionEvaluation
{
    /// <summary>What one expression may cost, as in Kubernetes.</summary>
    private const long MostPerExpression = 1_000_000;

    private readonly AdmissionContext _context;
    private readonly IAuthorizer _authorizer;
    private readonly JsonObject? _namespace;
    private readonly JsonObject _request;
    private readonly Budget _budget;
    private readonly Dictionary<CelAccessCheck, CelDecision> _answers;
    private JsonObject? _param;
    private Variables? _variables;

    /// <param name="version">What the objects are shown in.</param>
    /// <param name="mostCost">What everything evaluated with this may cost.</param>
    public AdmissionEvaluation(
        AdmissionContext context, ServedResource version, JsonObject? document, JsonObject? old, JsonObject? @namespace, IAuthorizer authorizer, long mostCost)
    {
        _context = context;
        Version = version;
        Document = document;
        Old = old;
        _namespace = @namespace;
        _authorizer = authorizer;
        _request = AdmissionRequestDocument.Describe(context, version);
        _budget = new Budget { Left = mostCost };
        _answers = [];
    }

    private AdmissionEvaluation(AdmissionEvaluation other)
    {
        (_context, Version, Document, Old) = (other._context, other.Version, other.Document, other.Old);
        (_namespace, _authorizer, _request, _budget, _answers) = (other._namespace, other._authorizer, other._request, other._budget, other._answers);
    }

    public ServedResource Version { get; }

    /// <summary>What is written, in <see cref="Version"/>; null for a delete.</summary>
    public JsonObject? Document { get; set; }

    public JsonObject? Old { get; }

    /// <summary>The same write with a parameter, and variables that are evaluated when they are first looked at.</summary>
    public AdmissionEvaluation With(JsonObject? param, IReadOnlyDictionary<string, CelCompilation> variables)
    {
        var result = new AdmissionEvaluation(this) { _param = param };
        result._variables = new Variables(variables, result);
        return result;
    }

    public async ValueTask<CelResult> EvaluateAsync(CelCompilation compilation, CancellationToken cancellationToken)
    {
        if (compilation.Program is not { } program)
        {
            return new CelResult(new CelError($"compilation failed: {compilation.Message}"), 0, IsTooCostly: false);
        }

        while (true)
        {
            try
            {
                return Evaluate(program);
            }
            catch (UnansweredException exception)
            {
                // Each question costs, so that there are few before the budget ends.
                _answers[exception.Check] = await AskAsync(exception.Check, cancellationToken);
            }
        }
    }

    private CelResult Evaluate(CelProgram program)
    {
        if (_budget.Left <= 0)
        {
            return new CelResult(new CelError("validation failed due to running out of cost budget, no further validation rules will be run"), 0, IsTooCostly: true);
        }

        var result = program.Evaluate(Find, Math.Min(MostPerExpression, _budget.Left));
        _budget.Left -= Math.Max(result.Cost, 1);
        return result;
    }

    private object? Find(string name) => name switch
    {
        "object" => JsonValues.Of(Document),
        "oldObject" => JsonValues.Of(Old),
        "request" => JsonValues.Of(_request),
        "namespaceObject" => JsonValues.Of(_namespace),
        "params" => JsonValues.Of(_param),
        "variables" => _variables,
        "authorizer" => new CelAuthorizer(new CelAccessCheck(), Answer),
        "authorizer.requestResource" => new CelAuthorizer(new CelAccessCheck(), Answer).As(CelAuthorizer.ResourceType, check => check with
        {
            Group = _context.Request.Resource.Resource.Group,
            Resource = _context.Request.Resource.Resource.Plural,
            Subresource = _context.Subresource,
            Namespace = _context.Request.Namespace,
            Name = _context.Request.Name,
        }),
        _ => null,
    };

    private CelDecision Answer(CelAccessCheck check) => _answers.TryGetValue(check, out var known) ? known : throw new UnansweredException(check);

    private async ValueTask<CelDecision> AskAsync(CelAccessCheck check, CancellationToken cancellationToken)
    {
        FieldSelector? fields = null;
        if (check.FieldSelector.Length > 0 && !FieldSelector.TryParse(check.FieldSelector, out fields, out var error))
        {
            return new CelDecision(false, Error: error);
        }

        var user = check.ServiceAccount is var (ns, name) ? User.ServiceAccount(ns, name) : _context.Request.User;
        var attributes = check.Path.Length > 0
            ? new AccessAttributes(user, check.Verb, "", "", Path: check.Path)
            : new AccessAttributes(
                user, check.Verb, check.Group, check.Subresource.Length == 0 ? check.Resource : $"{check.Resource}/{check.Subresource}", check.Namespace, check.Name)
            { Fields = fields };
        return new CelDecision(await _authorizer.AllowsAsync(attributes, cancellationToken));
    }

    /// <summary>Shared by all that is evaluated for a policy.</summary>
    private sealed class Budget
    {
        public long Left;
    }

    private sealed class UnansweredException(CelAccessCheck check) : Exception("a question to the authorizer is not answered yet")
    {
        public CelAccessCheck Check { get; } = check;
    }

    /// <summary>Each variable is evaluated when it is first looked at, and once.</summary>
    private sealed class Variables(IReadOnlyDictionary<string, CelCompilation> compiled, AdmissionEvaluation evaluation) : CelMap
    {
        private readonly Dictionary<string, object> _known = new(StringComparer.Ordinal);

        public override int Count => compiled.Count;

        public override IEnumerable<object> Keys => compiled.Keys;

        public override object? Find(object key)
        {
            if (key is not string name || !compiled.TryGetValue(name, out var compilation))
            {
                return null;
            }

            if (!_known.TryGetValue(name, out var value))
            {
                value = compilation.Program is { } program ? evaluation.Evaluate(program).Value : new CelError($"it does not compile: {compilation.Message}");
                value = value is CelError error ? new CelError($"composited variable \"{name}\" fails to evaluate: {error.Message}") : value;
                _known.Add(name, value);
            }

            return value;
        }
    }
}
