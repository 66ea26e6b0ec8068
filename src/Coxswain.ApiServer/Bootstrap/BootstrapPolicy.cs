using Coxswain.Api.Meta.V1;
using Coxswain.Api.Rbac.V1;

namespace Coxswain.ApiServer.Bootstrap;

/// <summary>Every role and binding a cluster begins with, under the names Kubernetes gives them.</summary>
internal static class BootstrapPolicy
{
    /// <summary>On a role or binding whose value is <c>"false"</c>: the server leaves it as its owner made it.</summary>
    public const string AutoUpdate = "rbac.authorization.kubernetes.io/autoupdate";

    public const string System = "kube-system";

    private const string Group = "rbac.authorization.k8s.io";

    public static IEnumerable<ClusterRole> ClusterRoles() => [.. UserRoles.All(), .. ComponentRoles.All(), .. ControllerRoles.All()];

    public static IEnumerable<ClusterRoleBinding> ClusterRoleBindings() =>
        [.. UserRoles.Bindings(), .. ComponentRoles.Bindings(), .. ControllerRoles.Bindings()];

    public static IEnumerable<Role> Roles() => ComponentRoles.Namespaced();

    public static IEnumerable<RoleBinding> RoleBindings() => ComponentRoles.NamespacedBindings();

    public static ClusterRole Role(string name, params IReadOnlyList<PolicyRule> rules) => new() { Metadata = Metadata(name), Rules = rules };

    public static ClusterRoleBinding Bind(string role, params IReadOnlyList<Subject> subjects) => Bind(role, role, subjects);

    public static ClusterRoleBinding Bind(string name, string role, IReadOnlyList<Subject> subjects) => new()
    {
        Metadata = Metadata(name),
        RoleRef = new RoleRef { ApiGroup = Group, Kind = "ClusterRole", Name = role },
        Subjects = subjects,
    };

    public static Role RoleInSystem(string name, params IReadOnlyList<PolicyRule> rules) =>
        new() { Metadata = Metadata(name) with { Namespace = System }, Rules = rules };

    public static RoleBinding BindInSystem(string name, string role, params IReadOnlyList<Subject> subjects) => new()
    {
        Metadata = Metadata(name) with { Namespace = System },
        RoleRef = new RoleRef { ApiGroup = Group, Kind = "Role", Name = role },
        Subjects = subjects,
    };

    public static Subject User(string name) => new() { ApiGroup = Group, Kind = "User", Name = name };

    public static Subject GroupOf(string name) => new() { ApiGroup = Group, Kind = "Group", Name = name };

    /// <summary>An account in <c>kube-system</c>.</summary>
    public static Subject Account(string name) => new() { Kind = "ServiceAccount", Namespace = System, Name = name };

    private static ObjectMeta Metadata(string name) => ObjectMeta.Empty with
    {
        Name = name,
        Labels = new Dictionary<string, string>(StringComparer.Ordinal) { ["kubernetes.io/bootstrapping"] = "rbac-defaults" },
        Annotations = new Dictionary<string, string>(StringComparer.Ordinal) { [AutoUpdate] = "true" },
    };
}
