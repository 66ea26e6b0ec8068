using Coxswain.Api.Rbac.V1;
using Coxswain.ApiServer.Authentication;
using Coxswain.Store;

namespace Coxswain.ApiServer.Authorization;

/// <summary>All roles and bindings of the cluster, arranged for the question "which rules hold for this user?".</summary>
internal sealed class RbacRules
{
    private readonly List<(IReadOnlyList<Subject> Subjects, IReadOnlyList<PolicyRule> Rules)> _clusterWide = [];
    private readonly Dictionary<string, List<(IReadOnlyList<Subject> Subjects, IReadOnlyList<PolicyRule> Rules)>> _namespaced = new(StringComparer.Ordinal);

    public RbacRules(
        IReadOnlyCollection<ClusterRole> clusterRoles, IReadOnlyCollection<Role> roles,
        IReadOnlyCollection<ClusterRoleBinding> clusterRoleBindings, IReadOnlyCollection<RoleBinding> roleBindings)
    {
        var byName = clusterRoles.ToDictionary(role => role.Metadata.Name, role => role.Rules, StringComparer.Ordinal);
        var inNamespace = roles.ToDictionary(role => (role.Metadata.Namespace, role.Metadata.Name), role => role.Rules);
        foreach (var binding in clusterRoleBindings)
        {
            if (byName.TryGetValue(binding.RoleRef.Name, out var rules))
            {
                _clusterWide.Add((binding.Subjects, rules));
            }
        }

        foreach (var binding in roleBindings)
        {
            var @namespace = binding.Metadata.Namespace;
            var rules = binding.RoleRef.Kind == "ClusterRole"
                ? byName.GetValueOrDefault(binding.RoleRef.Name)
                : inNamespace.GetValueOrDefault((@namespace, binding.RoleRef.Name));
            if (rules is null)
            {
                continue;
            }

            if (!_namespaced.TryGetValue(@namespace, out var bindings))
            {
                _namespaced[@namespace] = bindings = [];
            }

            bindings.Add((binding.Subjects, rules));
        }
    }

    /// <summary>The rules that hold for a user, cluster-wide ones and those of one namespace.</summary>
    public IEnumerable<PolicyRule> For(User user, string @namespace)
    {
        IEnumerable<(IReadOnlyList<Subject> Subjects, IReadOnlyList<PolicyRule> Rules)> bindings = _clusterWide;
        if (@namespace.Length > 0 && _namespaced.TryGetValue(@namespace, out var inNamespace))
        {
            bindings = bindings.Concat(inNamespace);
        }

        return bindings.Where(binding => binding.Subjects.Any(subject => Names(subject, user))).SelectMany(binding => binding.Rules);
    }

    public static bool Allows(PolicyRule rule, AccessAttributes attributes) =>
        Has(rule.Verbs, attributes.Verb)
        && (attributes.Resource.Length == 0
            ? rule.NonResourceURLs.Any(pattern => MatchesPath(pattern, attributes.Path))
            : Has(rule.ApiGroups, attributes.Group) && HasResource(rule.Resources, attributes.Resource)
                && (rule.ResourceNames.Count == 0 || rule.ResourceNames.Contains(attributes.Name)));

    private static bool Names(Subject subject, User user) => subject.Kind switch
    {
        "User" => subject.Name == user.Name,
        "Group" => user.Groups.Contains(subject.Name),
        "ServiceAccount" => user.Name == $"system:serviceaccount:{subject.Namespace}:{subject.Name}",
        _ => false,
    };

    internal static bool Has(IReadOnlyList<string> allowed, string wanted) => allowed.Contains("*") || allowed.Contains(wanted);

    internal static bool HasResource(IReadOnlyList<string> allowed, string wanted) =>
        Has(allowed, wanted) || (wanted.IndexOf('/') is >= 0 and var slash && allowed.Contains("*" + wanted[slash..]));

    internal static bool MatchesPath(string pattern, string path) =>
        pattern == path || (pattern.EndsWith('*') && path.StartsWith(pattern.AsSpan(0, pattern.Length - 1), StringComparison.Ordinal));

    public static RbacRules From(IReadOnlyList<StoreEntry> entries)
    {
        List<ClusterRole> clusterRoles = [];
        List<Role> roles = [];
        List<ClusterRoleBinding> clusterRoleBindings = [];
        List<RoleBinding> roleBindings = [];
        foreach (var entry in entries)
        {
            // /registry/<group>/<plural>/...
            switch (entry.Key.Split('/')[3])
            {
                case "clusterroles": clusterRoles.Add(Read<ClusterRole>(entry)); break;
                case "roles": roles.Add(Read<Role>(entry)); break;
                case "clusterrolebindings": clusterRoleBindings.Add(Read<ClusterRoleBinding>(entry)); break;
                case "rolebindings": roleBindings.Add(Read<RoleBinding>(entry)); break;
            }
        }

        return new RbacRules(clusterRoles, roles, clusterRoleBindings, roleBindings);
    }

    private static T Read<T>(StoreEntry entry)
        where T : Coxswain.Api.IKubeType<T> => Coxswain.Api.KubeJson.Deserialize<T>(entry.Value.Span);
}
