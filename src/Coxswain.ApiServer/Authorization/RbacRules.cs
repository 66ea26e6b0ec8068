using Coxswain.Api.Json;
using Coxswain.Api.Rbac.V1;
using Coxswain.ApiServer.Users;
using Coxswain.Store;

namespace Coxswain.ApiServer.Authorization;

/// <summary>All roles and bindings of the cluster, arranged for the question "which rules hold for this user?".</summary>
internal sealed class RbacRules(IStore store) : StoreFollower(store, "/registry/rbac.authorization.k8s.io/")
{
    private static readonly IReadOnlyList<Binding> None = [];

    private readonly Lock _gate = new();
    private readonly Dictionary<(string Namespace, string Name), IReadOnlyList<PolicyRule>> _roles = [];
    private readonly Dictionary<string, Binding> _bindings = new(StringComparer.Ordinal);
    private readonly Dictionary<(bool IsGroup, string Name), List<Binding>> _bySubject = [];

    /// <summary>Whether some rule that holds for the user allows this. Of what was last caught up with.</summary>
    public bool Allows(AccessAttributes attributes)
    {
        lock (_gate)
        {
            foreach (var rule in RulesOf(attributes.User, attributes.Namespace))
            {
                if (Allows(rule, attributes))
                {
                    return true;
                }
            }

            return false;
        }
    }

    /// <summary>The rules that hold for a user, cluster-wide ones and those of one namespace.</summary>
    public IReadOnlyList<PolicyRule> For(User user, string @namespace)
    {
        lock (_gate)
        {
            return [.. RulesOf(user, @namespace).Distinct()];
        }
    }

    /// <summary>The rules of one role; null when it does not exist.</summary>
    /// <param name="namespace">Empty for a ClusterRole.</param>
    public IReadOnlyList<PolicyRule>? OfRole(string @namespace, string name)
    {
        lock (_gate)
        {
            return _roles.GetValueOrDefault((@namespace, name));
        }
    }

    public static bool Allows(PolicyRule rule, AccessAttributes attributes) =>
        Has(rule.Verbs, attributes.Verb)
        && (attributes.Resource.Length == 0
            ? rule.NonResourceURLs.Any(pattern => MatchesPath(pattern, attributes.Path))
            : Has(rule.ApiGroups, attributes.Group) && HasResource(rule.Resources, attributes.Resource)
                && (rule.ResourceNames.Count == 0 || rule.ResourceNames.Contains(attributes.Name)));

    internal static bool Has(IReadOnlyCollection<string> allowed, string wanted) => allowed.Contains("*") || allowed.Contains(wanted);

    internal static bool HasResource(IReadOnlyCollection<string> allowed, string wanted) =>
        Has(allowed, wanted) || (wanted.IndexOf('/') is >= 0 and var slash && allowed.Contains("*" + wanted[slash..]));

    internal static bool MatchesPath(string pattern, string path) =>
        pattern == path || (pattern.EndsWith('*') && path.StartsWith(pattern.AsSpan(0, pattern.Length - 1), StringComparison.Ordinal));

    protected override void Clear()
    {
        lock (_gate)
        {
            _roles.Clear();
            _bindings.Clear();
            _bySubject.Clear();
        }
    }

    protected override void Apply(string key, StoreEntry? entry)
    {
        // /registry/<group>/<plural>/[<namespace>/]<name>
        var parts = key.Split('/');
        var (@namespace, name) = parts.Length > 5 ? (parts[4], parts[5]) : ("", parts[4]);
        lock (_gate)
        {
            switch (parts[3])
            {
                case "clusterroles": Put(@namespace, name, entry is null ? null : Read<ClusterRole>(entry).Rules); break;
                case "roles": Put(@namespace, name, entry is null ? null : Read<Role>(entry).Rules); break;
                case "clusterrolebindings": Bind(key, entry is null ? null : Binding.Of(Read<ClusterRoleBinding>(entry))); break;
                case "rolebindings": Bind(key, entry is null ? null : Binding.Of(Read<RoleBinding>(entry))); break;
            }
        }
    }

    private void Put(string @namespace, string name, IReadOnlyList<PolicyRule>? rules)
    {
        if (rules is null)
        {
            _roles.Remove((@namespace, name));
        }
        else
        {
            _roles[(@namespace, name)] = rules;
        }
    }

    private void Bind(string key, Binding? binding)
    {
        if (_bindings.Remove(key, out var old))
        {
            foreach (var subject in old.Subjects)
            {
                if (_bySubject.TryGetValue(subject, out var bound) && bound.Remove(old) && bound.Count == 0)
                {
                    _bySubject.Remove(subject);
                }
            }
        }

        if (binding is not null)
        {
            _bindings.Add(key, binding);
            foreach (var subject in binding.Subjects)
            {
                if (!_bySubject.TryGetValue(subject, out var bound))
                {
                    _bySubject.Add(subject, bound = []);
                }

                bound.Add(binding);
            }
        }
    }

    private IEnumerable<PolicyRule> RulesOf(User user, string @namespace)
    {
        IEnumerable<(bool IsGroup, string Name)> subjects = [(false, user.Name), .. user.Groups.Select(name => (true, name))];
        return subjects.SelectMany(subject => _bySubject.TryGetValue(subject, out var bound) ? bound : None)
            .Where(binding => binding.Namespace.Length == 0 || binding.Namespace == @namespace)
            .SelectMany(binding => _roles.GetValueOrDefault(binding.Role) ?? []);
    }

    private static T Read<T>(StoreEntry entry)
        where T : IKubeType<T> => KubeJson.Deserialize<T>(entry.Value.Span);

    /// <param name="Namespace">Where it holds; empty for everywhere.</param>
    private sealed record Binding(string Namespace, (string Namespace, string Name) Role, IReadOnlySet<(bool IsGroup, string Name)> Subjects)
    {
        public static Binding Of(ClusterRoleBinding binding) => new("", ("", binding.RoleRef.Name), SubjectsOf("", binding.Subjects));

        public static Binding Of(RoleBinding binding)
        {
            var @namespace = binding.Metadata.Namespace;
            return new(
                @namespace, (binding.RoleRef.Kind == "ClusterRole" ? "" : @namespace, binding.RoleRef.Name),
                SubjectsOf(@namespace, binding.Subjects));
        }

        private static HashSet<(bool IsGroup, string Name)> SubjectsOf(string @namespace, IReadOnlyList<Subject> subjects) =>
        [
            .. subjects.Where(subject => subject.Kind is "User" or "Group" or "ServiceAccount").Select(subject => subject.Kind switch
            {
                "Group" => (true, subject.Name),
                "User" => (false, subject.Name),
                _ => (false, $"system:serviceaccount:{(subject.Namespace.Length > 0 ? subject.Namespace : @namespace)}:{subject.Name}"),
            }),
        ];
    }
}
