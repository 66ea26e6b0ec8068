using Coxswain.Api;
using Coxswain.Api.Errors;
using Coxswain.Api.Meta.V1;
using Coxswain.Api.Rbac.V1;
using Coxswain.ApiServer.Authorization;
using Coxswain.Client;

namespace Coxswain.ApiServer.Bootstrap;

/// <summary>
/// Brings the default roles and bindings to what this version needs, at every start: what is missing is made, rules and subjects
/// that are missing are added, what somebody added stays, and what somebody took out of the server's hands
/// (<see cref="BootstrapPolicy.AutoUpdate"/>) is left alone.
/// </summary>
internal sealed class RoleReconciler(IKubeClient client)
{
    /// <summary>The name under which the first version wrote the annotation; its rules were wider than they are now.</summary>
    private const string FirstAnnotation = "rbac.authorization.k8s.io/autoupdate";

    public async Task EnsureAsync(CancellationToken cancellationToken)
    {
        await EnsureAsync(BootstrapPolicy.ClusterRoles(), Merge, cancellationToken);
        await EnsureAsync(BootstrapPolicy.Roles(), Merge, cancellationToken);
        await EnsureAsync(BootstrapPolicy.ClusterRoleBindings(), Merge, cancellationToken);
        await EnsureAsync(BootstrapPolicy.RoleBindings(), Merge, cancellationToken);
    }

    /// <summary>All of a kind at once: the store commits them together.</summary>
    private async Task EnsureAsync<T>(IEnumerable<T> wanted, Func<T, T, T?> merge, CancellationToken cancellationToken)
        where T : class, IKubeObject<T>
    {
        var list = await client.ListAsync<T>(null, ListQuery.All, cancellationToken);
        var known = list.Items.ToDictionary(item => (item.Metadata.Namespace, item.Metadata.Name));
        await Task.WhenAll(wanted.Select(item => EnsureAsync(
            item, known.GetValueOrDefault((item.Metadata.Namespace, item.Metadata.Name)), merge, cancellationToken)));
    }

    private async Task EnsureAsync<T>(T wanted, T? known, Func<T, T, T?> merge, CancellationToken cancellationToken)
        where T : class, IKubeObject<T>
    {
        if (known is null)
        {
            await CreateAsync(wanted, cancellationToken);
            return;
        }

        if (known.Metadata.Annotations.GetValueOrDefault(BootstrapPolicy.AutoUpdate) == "false")
        {
            return;
        }

        if (known.Metadata.Annotations.GetValueOrDefault(FirstAnnotation) == "true" || merge(known, wanted) is not { } merged)
        {
            // Made by the first version, or bound to another role, which cannot be changed.
            await client.DeleteAsync<T>(known.Metadata.Namespace, known.Metadata.Name, DeleteOptions.Empty, cancellationToken);
            await CreateAsync(wanted, cancellationToken);
            return;
        }

        var metadata = known.Metadata with
        {
            Labels = With(known.Metadata.Labels, wanted.Metadata.Labels),
            Annotations = With(known.Metadata.Annotations, wanted.Metadata.Annotations),
        };
        merged = merged.WithMetadata(metadata);
        if (!merged.Equals(known))
        {
            await client.UpdateAsync(merged, cancellationToken);
        }
    }

    private async Task CreateAsync<T>(T wanted, CancellationToken cancellationToken)
        where T : class, IKubeObject<T>
    {
        try
        {
            await client.CreateAsync(wanted, cancellationToken);
        }
        catch (KubeStatusException exception) when (exception.IsAlreadyExists)
        {
            // Somebody was faster; the next start compares.
        }
    }

    /// <summary>The rules of a sum are its controller's to write.</summary>
    private static ClusterRole? Merge(ClusterRole known, ClusterRole wanted) => wanted.AggregationRule is null
        ? known with { Rules = Merge(known.Rules, wanted.Rules) }
        : known with
        {
            AggregationRule = new AggregationRule
            {
                ClusterRoleSelectors = Merge(known.AggregationRule?.ClusterRoleSelectors ?? [], wanted.AggregationRule.ClusterRoleSelectors),
            },
        };

    private static Role? Merge(Role known, Role wanted) => known with { Rules = Merge(known.Rules, wanted.Rules) };

    private static ClusterRoleBinding? Merge(ClusterRoleBinding known, ClusterRoleBinding wanted) =>
        known.RoleRef.Equals(wanted.RoleRef) ? known with { Subjects = Merge(known.Subjects, wanted.Subjects) } : null;

    private static RoleBinding? Merge(RoleBinding known, RoleBinding wanted) =>
        known.RoleRef.Equals(wanted.RoleRef) ? known with { Subjects = Merge(known.Subjects, wanted.Subjects) } : null;

    private static IReadOnlyList<PolicyRule> Merge(IReadOnlyList<PolicyRule> known, IReadOnlyList<PolicyRule> wanted) =>
        [.. known, .. wanted.Where(rule => RuleCover.Missing(known, [rule]).Count > 0)];

    private static IReadOnlyList<T> Merge<T>(IReadOnlyList<T> known, IReadOnlyList<T> wanted) => [.. known, .. wanted.Except(known)];

    private static Dictionary<string, string> With(IReadOnlyDictionary<string, string> known, IReadOnlyDictionary<string, string> wanted)
    {
        var merged = new Dictionary<string, string>(known, StringComparer.Ordinal);
        foreach (var (key, value) in wanted)
        {
            merged.TryAdd(key, value);
        }

        return merged;
    }
}
