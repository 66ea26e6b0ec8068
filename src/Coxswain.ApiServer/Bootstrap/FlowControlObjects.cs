using System.Text.Json.Nodes;

namespace Coxswain.ApiServer.Bootstrap;

/// <summary>The FlowSchemas and PriorityLevelConfigurations that Kubernetes itself begins with.</summary>
internal static class FlowControlObjects
{
    private const string ApiVersion = "flowcontrol.apiserver.k8s.io/v1";

    private static readonly string[] All = ["*"];

    public static IEnumerable<JsonObject> Make() => Levels().Concat(Schemas());

    private static IEnumerable<JsonObject> Levels()
    {
        yield return Object("PriorityLevelConfiguration", "exempt", new JsonObject
        {
            ["type"] = "Exempt", ["exempt"] = new JsonObject { ["nominalConcurrencyShares"] = 0, ["lendablePercent"] = 0 },
        });
        yield return Level("catch-all", 5, 0, 0, 0);
        yield return Level("system", 30, 33, 64, 6);
        yield return Level("node-high", 40, 25, 64, 6);
        yield return Level("leader-election", 10, 0, 16, 4);
        yield return Level("workload-high", 40, 50, 128, 6);
        yield return Level("workload-low", 100, 90, 128, 6);
        yield return Level("global-default", 20, 50, 128, 6);
    }

    private static IEnumerable<JsonObject> Schemas()
    {
        string[] elections = ["get", "create", "update"];
        yield return Schema("exempt", "exempt", 1, "", Rule([Group("system:masters")], Resources(All, All, All), Paths(All, "*")));
        yield return Schema("probes", "exempt", 2, "", Rule(Everybody(), null, Paths(["get"], "/healthz", "/readyz", "/livez")));
        yield return Schema(
            "system-leader-election", "leader-election", 100, "ByUser",
            Rule(
                [User("system:kube-controller-manager"), User("system:kube-scheduler"), Account("kube-system", "*")],
                Resources(elections, ["coordination.k8s.io"], ["leases"])));
        yield return Schema(
            "endpoint-controller", "workload-high", 150, "ByUser",
            Rule(
                [User("system:kube-controller-manager"), Account("kube-system", "endpoint-controller"), Account("kube-system", "endpointslicemirroring-controller")],
                Resources(elections, [""], ["endpoints"])));
        yield return Schema(
            "workload-leader-election", "leader-election", 200, "ByUser",
            Rule([Account("kube-system", "*")], Resources(elections, ["coordination.k8s.io"], ["leases"])));
        yield return Schema(
            "system-node-high", "node-high", 400, "ByUser",
            Rule([Group("system:nodes")], Resources(All, [""], ["nodes", "nodes/status"])),
            Rule([Group("system:nodes")], Resources(All, ["coordination.k8s.io"], ["leases"])));
        yield return Schema("system-nodes", "system", 500, "ByUser", Rule([Group("system:nodes")], Resources(All, All, All), Paths(All, "*")));
        yield return Schema(
            "kube-controller-manager", "workload-high", 800, "ByNamespace",
            Rule([User("system:kube-controller-manager")], Resources(All, All, All), Paths(All, "*")));
        yield return Schema(
            "kube-scheduler", "workload-high", 800, "ByNamespace", Rule([User("system:kube-scheduler")], Resources(All, All, All), Paths(All, "*")));
        yield return Schema(
            "kube-system-service-accounts", "workload-high", 900, "ByNamespace",
            Rule([Account("kube-system", "*")], Resources(All, All, All), Paths(All, "*")));
        yield return Schema(
            "service-accounts", "workload-low", 9000, "ByUser", Rule([Group("system:serviceaccounts")], Resources(All, All, All), Paths(All, "*")));
        yield return Schema("global-default", "global-default", 9900, "ByUser", Rule(Everybody(), Resources(All, All, All), Paths(All, "*")));
        yield return Schema("catch-all", "catch-all", 10000, "ByUser", Rule(Everybody(), Resources(All, All, All), Paths(All, "*")));
    }

    private static JsonObject Object(string kind, string name, JsonObject spec) => new()
    {
        ["apiVersion"] = ApiVersion,
        ["kind"] = kind,
        ["metadata"] = new JsonObject
        {
            ["name"] = name,
            ["annotations"] = new JsonObject { ["apf.kubernetes.io/autoupdate-spec"] = "true" },
        },
        ["spec"] = spec,
    };

    /// <param name="queues">0 to refuse at once what finds no seat.</param>
    private static JsonObject Level(string name, int shares, int lendable, int queues, int hand) => Object(
        "PriorityLevelConfiguration", name, new JsonObject
        {
            ["type"] = "Limited",
            ["limited"] = new JsonObject
            {
                ["nominalConcurrencyShares"] = shares,
                ["lendablePercent"] = lendable,
                ["limitResponse"] = queues == 0 ? new JsonObject { ["type"] = "Reject" } : new JsonObject
                {
                    ["type"] = "Queue",
                    ["queuing"] = new JsonObject { ["queues"] = queues, ["handSize"] = hand, ["queueLengthLimit"] = 50 },
                },
            },
        });

    private static JsonObject Schema(string name, string level, int precedence, string distinguisher, params JsonObject[] rules)
    {
        var spec = new JsonObject
        {
            ["priorityLevelConfiguration"] = new JsonObject { ["name"] = level },
            ["matchingPrecedence"] = precedence,
            ["rules"] = new JsonArray([.. rules]),
        };
        if (distinguisher.Length > 0)
        {
            spec["distinguisherMethod"] = new JsonObject { ["type"] = distinguisher };
        }

        return Object("FlowSchema", name, spec);
    }

    private static JsonObject Rule(JsonObject[] subjects, JsonObject? resources, JsonObject? paths = null)
    {
        var rule = new JsonObject { ["subjects"] = new JsonArray([.. subjects]) };
        if (resources is not null)
        {
            rule["resourceRules"] = new JsonArray(resources);
        }

        if (paths is not null)
        {
            rule["nonResourceRules"] = new JsonArray(paths);
        }

        return rule;
    }

    private static JsonObject Resources(string[] verbs, string[] groups, string[] resources) => new()
    {
        ["verbs"] = Texts(verbs), ["apiGroups"] = Texts(groups), ["resources"] = Texts(resources), ["clusterScope"] = true, ["namespaces"] = Texts(All),
    };

    private static JsonObject Paths(string[] verbs, params string[] paths) => new() { ["verbs"] = Texts(verbs), ["nonResourceURLs"] = Texts(paths) };

    private static JsonObject[] Everybody() => [Group("system:unauthenticated"), Group("system:authenticated")];

    private static JsonObject Group(string name) => new() { ["kind"] = "Group", ["group"] = new JsonObject { ["name"] = name } };

    private static JsonObject User(string name) => new() { ["kind"] = "User", ["user"] = new JsonObject { ["name"] = name } };

    private static JsonObject Account(string @namespace, string name) => new()
    {
        ["kind"] = "ServiceAccount", ["serviceAccount"] = new JsonObject { ["namespace"] = @namespace, ["name"] = name },
    };

    private static JsonArray Texts(string[] texts) => new([.. texts.Select(text => JsonValue.Create(text))]);
}
