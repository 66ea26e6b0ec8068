using Coxswain.Api.Schemata;
using Coxswain.ApiServer.Expressions;
using Coxswain.Cel;
using Coxswain.Cel.Functions;
using Coxswain.Cel.Types;

namespace Coxswain.ApiServer.Admission.Expressions;

/// <summary>
/// What expressions about a write may name: <c>object</c>, <c>oldObject</c>, <c>request</c>, <c>authorizer</c>, and of a policy also
/// <c>params</c>, <c>namespaceObject</c> and the policy's own <c>variables</c>. Objects have no types here; those are the writer's to know.
/// </summary>
internal sealed class AdmissionScope
{
    private static readonly CelType KindName = Named("kubernetes.GroupVersionKind", ("group", CelType.String), ("version", CelType.String), ("kind", CelType.String));

    private static readonly CelType ResourceName = Named(
        "kubernetes.GroupVersionResource", ("group", CelType.String), ("version", CelType.String), ("resource", CelType.String));

    private static readonly CelType UserInfo = Named(
        "kubernetes.UserInfo", ("username", CelType.String), ("uid", CelType.String), ("groups", CelType.List(CelType.String)),
        ("extra", CelType.Map(CelType.String, CelType.List(CelType.String))));

    private static readonly CelType Request = Named(
        "kubernetes.AdmissionRequest", ("kind", KindName), ("resource", ResourceName), ("subResource", CelType.String), ("requestKind", KindName),
        ("requestResource", ResourceName), ("requestSubResource", CelType.String), ("name", CelType.String), ("namespace", CelType.String),
        ("operation", CelType.String), ("userInfo", UserInfo), ("dryRun", CelType.Bool), ("options", CelType.Dyn));

    private static readonly CelType Namespace = Named(
        "kubernetes.Namespace",
        ("metadata", Named(
            "kubernetes.NamespaceMetadata", ("name", CelType.String), ("generateName", CelType.String), ("labels", CelType.Map(CelType.String, CelType.String)),
            ("annotations", CelType.Map(CelType.String, CelType.String)), ("uid", CelType.String), ("creationTimestamp", CelType.Dyn),
            ("deletionTimestamp", CelType.Dyn), ("deletionGracePeriodSeconds", CelType.Int), ("generation", CelType.Int),
            ("resourceVersion", CelType.String), ("finalizers", CelType.List(CelType.String)))),
        ("spec", Named("kubernetes.NamespaceSpec", ("finalizers", CelType.List(CelType.String)))),
        ("status", Named("kubernetes.NamespaceStatus", ("phase", CelType.String))));

    private static readonly CelEnvironment Basic = CelEnvironment.Kubernetes(
        new Dictionary<string, CelType>
        {
            ["object"] = CelType.Dyn,
            ["oldObject"] = CelType.Dyn,
            ["request"] = Request,
            ["authorizer"] = CelAuthorizer.AuthorizerType,
            ["authorizer.requestResource"] = CelAuthorizer.ResourceType,
        },
        SchemaPattern.CompileRegex);

    private static readonly KeyValuePair<string, CelType> NamespaceVariable = new("namespaceObject", Namespace);

    private readonly CelEnvironment _environment;
    private readonly string _identity;
    private readonly CelEnvironment? _makes;
    private readonly Dictionary<string, CelType> _own = new(StringComparer.Ordinal);

    private AdmissionScope(string identity, CelEnvironment environment, CelEnvironment? makes)
    {
        _identity = identity;
        _environment = environment;
        _makes = makes;
    }

    /// <summary>Of a webhook's match conditions.</summary>
    public static AdmissionScope Webhook { get; } = new("webhook", Basic, makes: null);

    /// <summary>Of a policy, without variables of its own yet.</summary>
    /// <param name="objectType">The type of <c>object</c> and <c>oldObject</c> where one is known; null for any.</param>
    public static AdmissionScope Policy(bool hasParams, CelType? objectType = null)
    {
        List<KeyValuePair<string, CelType>> more = [NamespaceVariable];
        if (hasParams)
        {
            more.Add(new("params", CelType.Dyn));
        }

        if (objectType is not null)
        {
            more.Add(new("object", objectType));
            more.Add(new("oldObject", objectType));
        }

        var environment = Basic.With(more);
        return new AdmissionScope(
            $"policy,{(hasParams ? "params," : "")}{objectType}", environment, environment.Making(MutationTypes.Find));
    }

    public CelCompilation Compile(string source) => CompiledExpressions.Shared.Compile(_identity, _environment, source);

    /// <summary>An expression that makes what is to be changed.</summary>
    public CelCompilation CompileMutation(string source) =>
        CompiledExpressions.Shared.Compile(_identity + ",makes", _makes ?? _environment, source);

    /// <summary>The same with one more of the policy's variables.</summary>
    public AdmissionScope With(string variable, CelType type)
    {
        var own = new Dictionary<string, CelType>(_own, StringComparer.Ordinal) { [variable] = type };
        KeyValuePair<string, CelType>[] variables = [new("variables", CelType.Object("kubernetes.variables", () => own))];
        var result = new AdmissionScope($"{_identity},{variable}:{type}", _environment.With(variables), _makes?.With(variables));
        foreach (var (name, known) in own)
        {
            result._own[name] = known;
        }

        return result;
    }

    private static CelType Named(string name, params (string Name, CelType Type)[] fields)
    {
        var known = fields.ToDictionary(field => field.Name, field => field.Type, StringComparer.Ordinal);
        return CelType.Object(name, () => known);
    }
}
