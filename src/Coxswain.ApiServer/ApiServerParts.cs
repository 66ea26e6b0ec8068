using Coxswain.Api;
using Coxswain.ApiServer.Admission;
using Coxswain.ApiServer.Admission.Expressions;
using Coxswain.ApiServer.Admission.Matching;
using Coxswain.ApiServer.Admission.Policies;
using Coxswain.ApiServer.Admission.Webhooks;
using Coxswain.ApiServer.Aggregation;
using Coxswain.ApiServer.Audit;
using Coxswain.ApiServer.Authentication;
using Coxswain.ApiServer.Authorization;
using Coxswain.ApiServer.Bootstrap;
using Coxswain.ApiServer.Certificates;
using Coxswain.ApiServer.Conversion;
using Coxswain.ApiServer.Core;
using Coxswain.ApiServer.CustomResources;
using Coxswain.ApiServer.Documents;
using Coxswain.ApiServer.FlowControl;
using Coxswain.ApiServer.Http;
using Coxswain.ApiServer.Http.Tunnels;
using Coxswain.ApiServer.Metrics;
using Coxswain.ApiServer.PolicyStatus;
using Coxswain.ApiServer.Requests;
using Coxswain.ApiServer.Resources;
using Coxswain.ApiServer.Resources.Rules;
using Coxswain.ApiServer.Tables;
using Coxswain.ApiServer.Verbs;
using Coxswain.ApiServer.Watch;
using Coxswain.ApiServer.Webhooks;
using Microsoft.Extensions.Logging;

namespace Coxswain.ApiServer;

/// <summary>The wiring of one API server: what is made of what. No logic.</summary>
internal sealed class ApiServerParts : IAsyncDisposable
{
    private readonly RbacAuthorizer _roles;
    private readonly NodeAuthorizer _nodes;
    private readonly ServiceAccountTokens _tokens;
    private readonly ConnectEndpoint _connect;
    private readonly HttpMessageInvoker _nodeEndpoints;
    private readonly UsageCollector _usages;
    private readonly FlowController _flows;
    private readonly PriorityAdmission _priorities;
    private readonly LimitRanger _limits;
    private readonly DefaultClasses _classes;
    private readonly QuotaAdmission _quotas;
    private readonly WebhookClient _webhooks;
    private readonly MutatingWebhooks _mutating;
    private readonly ValidatingWebhooks _validating;
    private readonly ValidatingPolicies _validatingPolicies;
    private readonly MutatingPolicies _mutatingPolicies;

    public ApiServerParts(ApiServerOptions options)
    {
        var store = options.Store;
        var time = options.Time;
        var random = new LockedRandom(options.Random);
        var identities = new IdentitySource(random);
        ServicePools = new ServicePools(store, options.ServiceRange, identities, random, time);
        var services = new ServiceRules(ServicePools);
        Resources = new CatalogueHolder(BuiltInCatalogue.Make(BuiltInRules.All(services, AdmissionKinds.Rules), OtherVersions.All));
        _roles = new RbacAuthorizer(store);
        _nodes = new NodeAuthorizer(store);
        var authorizer = new AuthorizerChain([_nodes, _roles]);
        _tokens = new ServiceAccountTokens(store, options.Pki.TokenKey, identities, time);

        var dialer = new ServiceDialer(store, random);
        _webhooks = new WebhookClient(dialer, time);
        var matcher = new RequestMatcher(store, Resources);
        var evaluations = new EvaluationSource(matcher, authorizer);
        var parameters = new PolicyParams(store, Resources);
        _validatingPolicies = new ValidatingPolicies(store, matcher, evaluations, parameters);
        _mutatingPolicies = new MutatingPolicies(store, matcher, evaluations, parameters);
        var caller = new WebhookCaller(matcher, evaluations, _webhooks, identities);
        _mutating = new MutatingWebhooks(store, caller);
        _validating = new ValidatingWebhooks(store, caller);
        _priorities = new PriorityAdmission(store);
        _limits = new LimitRanger(store);
        _classes = new DefaultClasses(store);
        _quotas = new QuotaAdmission(store);
        var admission = new AdmissionChain(
        [
            new NamespaceLifecycle(store, Resources),
            new ServiceAccountAdmission(store, identities, options.ServiceAccountPatience, time),
            new DefaultTolerations(),
            _priorities,
            _limits,
            new RuntimeClassAdmission(store),
            _classes,
            new PodSecurityAdmission(store),
            new NodeRestriction(store),
            new RoleEscalation(_roles, authorizer),
            new CertificateRequestAdmission(authorizer),
            .. options.Admission,
            _validatingPolicies,
            _validating,
            _quotas,
        ], _mutatingPolicies, _mutating);
        var reader = new ObjectReader(store);
        var steps = new WriteSteps(admission);
        var namespaces = new NamespaceGuard(store, Resources.Of<Coxswain.Api.Core.V1.Namespace>());
        var fields = new FieldTracker(Resources, time);
        var creator = new ObjectCreator(store, steps, fields, namespaces, identities, time);
        var updater = new ObjectUpdater(store, steps, fields);
        var applier = new ObjectApplier(updater, creator, fields);
        var deleter = new ObjectDeleter(store, steps, time);
        var binding = new PostHandlers.Route(BindingHandler.Kind, new BindingHandler(updater, Resources, time));
        var posts = new PostHandlers(new Dictionary<string, PostHandlers.Route>
        {
            ["bindings"] = binding,
            ["pods/binding"] = binding,
            ["pods/eviction"] = new(EvictionHandler.Kind, new EvictionHandler(store, deleter, updater, Resources, time)),
            ["serviceaccounts/token"] = new(TokenRequestHandler.Kind, new TokenRequestHandler(store, _tokens, time)),
            ["tokenreviews.authentication.k8s.io"] = new(Kind("authentication.k8s.io/v1", "TokenReview"), new TokenReviewHandler(_tokens)),
            ["selfsubjectreviews.authentication.k8s.io"] = new(Kind("authentication.k8s.io/v1", "SelfSubjectReview"), new SelfReviewHandler()),
            ["subjectaccessreviews.authorization.k8s.io"] =
                new(Kind("authorization.k8s.io/v1", "SubjectAccessReview"), new AccessReviewHandler(authorizer, isSelf: false)),
            ["localsubjectaccessreviews.authorization.k8s.io"] =
                new(Kind("authorization.k8s.io/v1", "LocalSubjectAccessReview"), new AccessReviewHandler(authorizer, isSelf: false)),
            ["selfsubjectaccessreviews.authorization.k8s.io"] =
                new(Kind("authorization.k8s.io/v1", "SelfSubjectAccessReview"), new AccessReviewHandler(authorizer, isSelf: true)),
            ["selfsubjectrulesreviews.authorization.k8s.io"] =
                new(Kind("authorization.k8s.io/v1", "SelfSubjectRulesReview"), new RulesReviewHandler(_roles)),
        });
        Core = new ApiCore(reader, creator, updater, applier, deleter, new ObjectWatcher(store, random, time), steps, authorizer, posts);
        var definitions = new DefinitionWriter(store, Core, Resources);
        Definitions = new CustomResourceDefinitions(
            store, Resources, new CustomResourceCompiler(_webhooks, identities), definitions,
            new CustomResourceCleaner(
                store, definitions, new ObjectDeleter(store, new WriteSteps(new AdmissionChain([])), time), time,
                options.LoggerFactory.CreateLogger<CustomResourceCleaner>()),
            time, options.LoggerFactory.CreateLogger<CustomResourceDefinitions>());
        FrontProxyClient = new RenewingCertificate(
            options.Pki.FrontProxyClient, time, options.LoggerFactory.CreateLogger<RenewingCertificate>());
        Aggregated = new AggregatedApis(
            store, Resources, dialer, FrontProxyClient, new ApiServiceProbe(dialer, time), new ApiServiceWriter(store, Core, Resources, time), time,
            options.LoggerFactory.CreateLogger<AggregatedApis>());
        PolicyTypes = new PolicyTypeChecking(store, Core, Resources, time, options.LoggerFactory.CreateLogger<PolicyTypeChecking>());
        EventCleaner = new EventCleaner(store, options.EventLifetime, time, options.LoggerFactory.CreateLogger<EventCleaner>());

        Audit = options.Audit is { } audit ? AuditLog.Open(audit, identities, time, options.LoggerFactory.CreateLogger<AuditLog>()) : null;
        var tables = new TableMaker(time);
        var discovery = new DiscoveryEndpoint(Resources, options.Advertised?.ToString() ?? "");
        _flows = new FlowController(store, options.Bounds.MostReading + options.Bounds.MostWriting, time);
        var metrics = new RequestMetrics(_flows, time);
        Health = new HealthChecks(options.ReadinessGates);
        NodeClient = new RenewingCertificate(options.Pki.NodeClient, time, options.LoggerFactory.CreateLogger<RenewingCertificate>());
        _nodeEndpoints = BackendClients.ToNodes(options.Pki, NodeClient);
        var targets = new ProxyTargets(store, random);
        _connect = new ConnectEndpoint(Core, targets, Lifetime, _nodeEndpoints);
        _usages = new UsageCollector(
            new NodeScraper(store, targets, _nodeEndpoints, time, options.LoggerFactory.CreateLogger<NodeScraper>()).ScrapeAsync, time);
        Resources.Change(before => before.With(MetricsApi.Resources(store, _usages)));
        var endpoint = new ResourceEndpoint(
            Resources, Core, new AnswerFormatter(tables), new WatchEndpoint(Core, tables, Lifetime), _connect,
            options.Router ?? new AggregationProxy(Aggregated, Lifetime));
        var server = new ServerEndpoints(Health, metrics, Resources, discovery, options.Pki, ServerVersion.GitVersion, ServerVersion.GitCommit);
        Http = new HttpHandler(
            new RequestAuthenticator(_tokens), endpoint, discovery, server, authorizer, Resources, _flows, Audit, metrics, options.Bounds, time,
            options.LoggerFactory.CreateLogger<HttpHandler>());
    }

    public CatalogueHolder Resources { get; }

    public ApiCore Core { get; }

    public PolicyTypeChecking PolicyTypes { get; }

    /// <summary>Null when nothing is written down.</summary>
    public AuditLog? Audit { get; }

    public HttpHandler Http { get; }

    public HealthChecks Health { get; }

    public ServicePools ServicePools { get; }

    public EventCleaner EventCleaner { get; }

    public CustomResourceDefinitions Definitions { get; }

    public AggregatedApis Aggregated { get; }

    /// <summary>What aggregated servers know the server by.</summary>
    public RenewingCertificate FrontProxyClient { get; }

    /// <summary>What nodes know the server by.</summary>
    public RenewingCertificate NodeClient { get; }

    public ServerLifetime Lifetime { get; } = new();

    public async ValueTask DisposeAsync()
    {
        _connect.Dispose();
        _nodeEndpoints.Dispose();
        _usages.Dispose();
        _webhooks.Dispose();
        await _priorities.DisposeAsync();
        await _limits.DisposeAsync();
        await _classes.DisposeAsync();
        await _quotas.DisposeAsync();
        await _mutating.DisposeAsync();
        await _validating.DisposeAsync();
        await _validatingPolicies.DisposeAsync();
        await _mutatingPolicies.DisposeAsync();
        await _flows.DisposeAsync();
        await _roles.DisposeAsync();
        await _nodes.DisposeAsync();
        _tokens.Dispose();
        Lifetime.Dispose();
    }

    private static ObjectKind Kind(string apiVersion, string kind) => new(apiVersion, kind);
}
