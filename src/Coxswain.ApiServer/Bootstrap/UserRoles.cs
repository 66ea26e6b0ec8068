using Coxswain.Api.Meta.V1;
using Coxswain.Api.Rbac.V1;
using Coxswain.ApiServer.Authorization;
using static Coxswain.ApiServer.Authorization.Allow;
using static Coxswain.ApiServer.Bootstrap.BootstrapPolicy;
using User = Coxswain.ApiServer.Users.User;

namespace Coxswain.ApiServer.Bootstrap;

/// <summary>The roles people are bound to: all of the cluster, a namespace's reader, editor and administrator, and what everybody may.</summary>
internal static class UserRoles
{
    private static readonly PolicyRule[] View =
    [
        On("core", "configmaps endpoints persistentvolumeclaims persistentvolumeclaims/status pods replicationcontrollers"
            + " replicationcontrollers/scale serviceaccounts services services/status", Read),
        On("core", "bindings events limitranges namespaces/status pods/log pods/status replicationcontrollers/status resourcequotas"
            + " resourcequotas/status", Read),
        On("core", "namespaces", Read),
        On("discovery.k8s.io", "endpointslices", Read),
        On("apps", "controllerrevisions daemonsets daemonsets/status deployments deployments/scale deployments/status replicasets"
            + " replicasets/scale replicasets/status statefulsets statefulsets/scale statefulsets/status", Read),
        On("autoscaling", "horizontalpodautoscalers horizontalpodautoscalers/status", Read),
        On("batch", "cronjobs cronjobs/status jobs jobs/status", Read),
        On("policy", "poddisruptionbudgets poddisruptionbudgets/status", Read),
        On("networking.k8s.io", "ingresses ingresses/status networkpolicies", Read),
        On("extensions", "daemonsets daemonsets/status deployments deployments/scale deployments/status ingresses ingresses/status networkpolicies"
            + " replicasets replicasets/scale replicasets/status", Read),
        On("resource.k8s.io", "resourceclaims resourceclaims/status resourceclaimtemplates", Read),
    ];

    private static readonly PolicyRule[] Edit =
    [
        On("core", "pods/attach pods/exec pods/portforward pods/proxy secrets services/proxy", Read),
        On("core", "serviceaccounts", "impersonate"),
        On("core", "pods pods/attach pods/exec pods/portforward pods/proxy", Write),
        On("core", "pods/eviction", "create"),
        On("core", "configmaps events persistentvolumeclaims replicationcontrollers replicationcontrollers/scale secrets serviceaccounts"
            + " services services/proxy", Write),
        On("core", "serviceaccounts/token", "create"),
        On("apps", "daemonsets deployments deployments/rollback deployments/scale replicasets replicasets/scale statefulsets"
            + " statefulsets/scale", Write),
        On("autoscaling", "horizontalpodautoscalers", Write),
        On("batch", "cronjobs jobs", Write),
        On("policy", "poddisruptionbudgets", Write),
        On("networking.k8s.io", "ingresses networkpolicies", Write),
        On("extensions", "daemonsets deployments deployments/rollback deployments/scale ingresses networkpolicies replicasets replicasets/scale", Write),
        On("coordination.k8s.io", "leases", ReadWrite),
        On("resource.k8s.io", "resourceclaims resourceclaimtemplates", Write),
    ];

    private static readonly PolicyRule[] Administer =
    [
        On("authorization.k8s.io", "localsubjectaccessreviews", "create"),
        On("rbac.authorization.k8s.io", "rolebindings roles", ReadWrite),
    ];

    private static readonly PolicyRule Metrics = On("metrics.k8s.io", "nodes pods", Read);

    private const string PublicPaths = "/healthz /livez /readyz /version /version/";

    public static IEnumerable<ClusterRole> All() =>
    [
        Role("cluster-admin", On("*", "*", "*"), new PolicyRule { NonResourceURLs = ["*"], Verbs = ["*"] }),

        // The sums are spelled out, so that they hold before the controller that keeps them first looks.
        Sum("admin", null, [.. Edit, .. View, .. Administer, Metrics]),
        Sum("edit", "admin", [.. Edit, .. View, Metrics]),
        Sum("view", "edit", [.. View, Metrics]),
        Part("admin", Administer),
        Part("edit", Edit),
        Part("view", View),
        Labelled(Labelled(Labelled(Role("system:aggregated-metrics-reader", Metrics), "view"), "edit"), "admin"),

        Role("system:discovery", Allow.Get($"{PublicPaths} /api /api/* /apis /apis/* /openapi /openapi/*")),
        Role("system:public-info-viewer", Allow.Get(PublicPaths)),
        Role("system:monitoring", Allow.Get("/healthz /healthz/* /livez /livez/* /metrics /metrics/slis /readyz /readyz/*")),
        Role(
            "system:basic-user",
            On("authorization.k8s.io", "selfsubjectaccessreviews selfsubjectrulesreviews", "create"),
            On("authentication.k8s.io", "selfsubjectreviews", "create")),
        Role("system:service-account-issuer-discovery", Allow.Get("/.well-known/openid-configuration /openid/v1/jwks")),
    ];

    public static IEnumerable<ClusterRoleBinding> Bindings() =>
    [
        Bind("cluster-admin", GroupOf("system:masters")),
        Bind("system:discovery", GroupOf(User.AuthenticatedGroup)),
        Bind("system:basic-user", GroupOf(User.AuthenticatedGroup)),
        Bind("system:public-info-viewer", GroupOf(User.AuthenticatedGroup), GroupOf(User.UnauthenticatedGroup)),
        Bind("system:monitoring", GroupOf("system:monitoring")),
        Bind("system:service-account-issuer-discovery", GroupOf("system:serviceaccounts")),
    ];

    private static ClusterRole Sum(string name, string? partOf, IReadOnlyList<PolicyRule> rules)
    {
        var role = partOf is null ? Role(name, rules) : Labelled(Role(name, rules), partOf);
        var selector = new LabelSelector { MatchLabels = new Dictionary<string, string>(StringComparer.Ordinal) { [Label(name)] = "true" } };
        return role with { AggregationRule = new AggregationRule { ClusterRoleSelectors = [selector] } };
    }

    private static ClusterRole Part(string sum, IReadOnlyList<PolicyRule> rules) => Labelled(Role($"system:aggregate-to-{sum}", rules), sum);

    private static ClusterRole Labelled(ClusterRole role, string sum) => role with
    {
        Metadata = role.Metadata with { Labels = new Dictionary<string, string>(role.Metadata.Labels, StringComparer.Ordinal) { [Label(sum)] = "true" } },
    };

    private static string Label(string sum) => $"rbac.authorization.k8s.io/aggregate-to-{sum}";
}
