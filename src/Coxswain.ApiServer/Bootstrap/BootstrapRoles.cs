using System.Text.Json.Nodes;

namespace Coxswain.ApiServer.Bootstrap;

/// <summary>The roles of a new cluster: for its own parts, and those that users bind to.</summary>
internal static class BootstrapRoles
{
    private const string Group = "rbac.authorization.k8s.io";

    private static readonly string[] Read = ["get", "list", "watch"];
    private static readonly string[] Write = ["create", "delete", "deletecollection", "patch", "update"];
    private static readonly string[] All7 = [.. Read, .. Write];

    private static readonly string[] Namespaced =
    [
        "configmaps", "endpoints", "events", "persistentvolumeclaims", "pods", "pods/log", "pods/status", "replicationcontrollers",
        "replicationcontrollers/scale", "serviceaccounts", "services", "limitranges", "resourcequotas",
    ];

    public static IEnumerable<JsonObject> All() =>
    [
        Role("cluster-admin", Rule(["*"], ["*"], ["*"]), Paths(["*"], "*")),
        Bind("cluster-admin", "cluster-admin", "Group", "system:masters"),

        Role("system:discovery", Paths(["get"], "/api", "/api/*", "/apis", "/apis/*", "/healthz", "/livez", "/openapi", "/openapi/*", "/readyz", "/version", "/version/")),
        Bind("system:discovery", "system:discovery", "Group", "system:authenticated"),
        Role("system:basic-user",
            Rule(["authorization.k8s.io"], ["selfsubjectaccessreviews", "selfsubjectrulesreviews"], ["create"]),
            Rule(["authentication.k8s.io"], ["selfsubjectreviews"], ["create"])),
        Bind("system:basic-user", "system:basic-user", "Group", "system:authenticated"),
        Role("system:service-account-issuer-discovery", Paths(["get"], "/.well-known/openid-configuration", "/openid/v1/jwks")),
        Bind("system:service-account-issuer-discovery", "system:service-account-issuer-discovery", "Group", "system:serviceaccounts"),

        // What users bind to: reading, changing, and administering a namespace.
        Role("view", ViewRules()),
        Role("edit", EditRules()),
        Role("admin", [.. EditRules(), Rule([Group], ["roles", "rolebindings"], All7), Rule(["authorization.k8s.io"], ["localsubjectaccessreviews"], ["create"])]),

        // The cluster's own parts.
        Role("system:kube-scheduler",
            Rule([""], ["nodes", "pods", "namespaces", "persistentvolumeclaims", "persistentvolumes", "replicationcontrollers", "services"], Read),
            Rule([""], ["pods/binding", "bindings"], ["create"]),
            Rule([""], ["pods"], ["delete"]),
            Rule([""], ["pods/status"], ["patch", "update"]),
            Rule(["", "events.k8s.io"], ["events"], ["create", "patch", "update"]),
            Rule(["apps"], ["replicasets", "statefulsets"], Read),
            Rule(["policy"], ["poddisruptionbudgets"], Read),
            Rule(["storage.k8s.io"], ["*"], Read),
            Rule(["coordination.k8s.io"], ["leases"], All7)),
        Bind("system:kube-scheduler", "system:kube-scheduler", "User", "system:kube-scheduler"),

        // Collecting garbage and emptying namespaces means deleting objects of any kind, custom ones included.
        Role("system:kube-controller-manager", Rule(["*"], ["*"], ["*"])),
        Bind("system:kube-controller-manager", "system:kube-controller-manager", "User", "system:kube-controller-manager"),

        // Admission holds a node to itself and its own Pods.
        Role("system:node",
            Rule([""], ["nodes"], ["create", "get", "list", "watch", "patch", "update"]),
            Rule([""], ["nodes/status"], ["patch", "update"]),
            Rule([""], ["pods"], ["create", "delete", "get", "list", "watch"]),
            Rule([""], ["pods/status"], ["get", "patch", "update"]),
            Rule([""], ["pods/eviction"], ["create"]),
            Rule([""], ["configmaps", "secrets", "services", "endpoints", "persistentvolumeclaims", "persistentvolumes", "namespaces"], Read),
            Rule([""], ["serviceaccounts"], ["get", "list", "watch"]),
            Rule([""], ["serviceaccounts/token"], ["create"]),
            Rule(["", "events.k8s.io"], ["events"], ["create", "patch", "update"]),
            Rule(["coordination.k8s.io"], ["leases"], ["create", "delete", "get", "list", "watch", "patch", "update"]),
            Rule(["authentication.k8s.io"], ["tokenreviews"], ["create"]),
            Rule(["authorization.k8s.io"], ["subjectaccessreviews", "localsubjectaccessreviews"], ["create"]),
            Rule(["node.k8s.io"], ["runtimeclasses"], Read),
            Rule(["storage.k8s.io"], ["csidrivers", "csinodes", "volumeattachments", "storageclasses"], Read)),
        Bind("system:node", "system:node", "Group", "system:nodes"),
        Role("system:node-proxier",
            Rule([""], ["endpoints", "services", "nodes", "pods", "namespaces"], Read),
            Rule(["discovery.k8s.io"], ["endpointslices"], Read),
            Rule([""], ["services/status"], ["patch", "update"]),
            Rule(["networking.k8s.io"], ["networkpolicies", "ingresses", "ingressclasses"], Read),
            Rule(["networking.k8s.io"], ["ingresses/status"], ["patch", "update"]),
            Rule(["", "events.k8s.io"], ["events"], ["create", "patch", "update"])),
        Bind("system:node-proxier", "system:node-proxier", "User", "system:kube-proxy"),
        Role("system:coredns",
            Rule([""], ["endpoints", "services", "pods", "namespaces"], Read),
            Rule(["discovery.k8s.io"], ["endpointslices"], Read)),
        Bind("system:coredns", "system:coredns", "User", "system:kube-dns"),
    ];

    private static JsonObject[] ViewRules() =>
    [
        Rule([""], [.. Namespaced, "namespaces"], Read),
        Rule(["apps"], ["*"], Read),
        Rule(["batch"], ["*"], Read),
        Rule(["autoscaling"], ["*"], Read),
        Rule(["networking.k8s.io"], ["ingresses", "ingresses/status", "networkpolicies"], Read),
        Rule(["policy"], ["poddisruptionbudgets", "poddisruptionbudgets/status"], Read),
        Rule(["discovery.k8s.io"], ["endpointslices"], Read),
    ];

    private static JsonObject[] EditRules() =>
    [
        .. ViewRules(),
        Rule([""], ["secrets", "pods/attach", "pods/exec", "pods/portforward", "pods/proxy", "services/proxy"], All7),
        Rule([""], [.. Namespaced.Except(["limitranges", "resourcequotas", "pods/log", "pods/status"])], Write),
        Rule([""], ["pods/eviction", "serviceaccounts/token"], ["create"]),
        Rule(["apps"], ["*"], Write),
        Rule(["batch"], ["*"], Write),
        Rule(["autoscaling"], ["*"], Write),
        Rule(["networking.k8s.io"], ["ingresses", "networkpolicies"], Write),
        Rule(["policy"], ["poddisruptionbudgets"], Write),
    ];

    private static JsonObject Role(string name, params IReadOnlyList<JsonObject> rules) => new()
    {
        ["apiVersion"] = $"{Group}/v1",
        ["kind"] = "ClusterRole",
        ["metadata"] = Metadata(name),
        ["rules"] = new JsonArray([.. rules]),
    };

    private static JsonObject Bind(string name, string role, string subjectKind, string subject) => new()
    {
        ["apiVersion"] = $"{Group}/v1",
        ["kind"] = "ClusterRoleBinding",
        ["metadata"] = Metadata(name),
        ["roleRef"] = new JsonObject { ["apiGroup"] = Group, ["kind"] = "ClusterRole", ["name"] = role },
        ["subjects"] = new JsonArray(new JsonObject { ["apiGroup"] = Group, ["kind"] = subjectKind, ["name"] = subject }),
    };

    private static JsonObject Metadata(string name) => new()
    {
        ["name"] = name,
        ["labels"] = new JsonObject { ["kubernetes.io/bootstrapping"] = "rbac-defaults" },
        ["annotations"] = new JsonObject { [$"{Group}/autoupdate"] = "true" },
    };

    private static JsonObject Rule(string[] groups, string[] resources, string[] verbs) =>
        new() { ["verbs"] = Texts(verbs), ["apiGroups"] = Texts(groups), ["resources"] = Texts(resources) };

    private static JsonObject Paths(string[] verbs, params string[] paths) => new() { ["verbs"] = Texts(verbs), ["nonResourceURLs"] = Texts(paths) };

    private static JsonArray Texts(string[] texts) => new([.. texts.Select(text => JsonValue.Create(text))]);
}
