using Coxswain.Api.Core.V1;
using Coxswain.Api.Pods;

namespace Coxswain.Api.Quota;

/// <summary>Whether a ResourceQuota speaks of an object: without scopes of every one, with scopes of the Pods they describe.</summary>
public static class QuotaScopes
{
    public static bool Matches(ResourceQuotaSpec quota, IKubeObject value)
    {
        var selected = quota.ScopeSelector?.MatchExpressions ?? [];
        if (quota.Scopes.Count == 0 && selected.Count == 0)
        {
            return true;
        }

        return value is Pod pod && quota.Scopes.All(scope => Has(pod, scope)) && selected.All(selector => Matches(pod, selector));
    }

    private static bool Matches(Pod pod, ScopedResourceSelectorRequirement selector) => (selector.ScopeName, selector.Operator) switch
    {
        ("PriorityClass", "In") => selector.Values.Contains(pod.Spec.PriorityClassName),
        ("PriorityClass", "NotIn") => !selector.Values.Contains(pod.Spec.PriorityClassName),
        (_, "DoesNotExist" or "NotIn") => !Has(pod, selector.ScopeName),
        _ => Has(pod, selector.ScopeName),
    };

    private static bool Has(Pod pod, string scope) => scope switch
    {
        "Terminating" => pod.Spec.ActiveDeadlineSeconds >= 0,
        "NotTerminating" => pod.Spec.ActiveDeadlineSeconds is null,
        "BestEffort" => PodQuality.Of(pod.Spec) == PodQOSClass.BestEffort,
        "NotBestEffort" => PodQuality.Of(pod.Spec) != PodQOSClass.BestEffort,
        "PriorityClass" => pod.Spec.PriorityClassName.Length > 0,
        "CrossNamespacePodAffinity" => CrossesNamespaces(pod.Spec.Affinity),
        _ => false,
    };

    private static bool CrossesNamespaces(Affinity? affinity) => new[]
    {
        affinity?.PodAffinity?.RequiredDuringSchedulingIgnoredDuringExecution,
        affinity?.PodAntiAffinity?.RequiredDuringSchedulingIgnoredDuringExecution,
    }.OfType<IReadOnlyList<PodAffinityTerm>>().SelectMany(terms => terms)
        .Concat((affinity?.PodAffinity?.PreferredDuringSchedulingIgnoredDuringExecution ?? [])
            .Concat(affinity?.PodAntiAffinity?.PreferredDuringSchedulingIgnoredDuringExecution ?? []).Select(term => term.PodAffinityTerm))
        .Any(term => term.Namespaces.Count > 0 || term.NamespaceSelector is not null);
}
