using Coxswain.Api;
using Coxswain.Api.Core.V1;
using Coxswain.Api.Quota;
using Coxswain.Api.Resources;
using Coxswain.Api.Scalars;

namespace Coxswain.Controllers.Quota;

/// <summary>What the objects of a namespace use of one ResourceQuota. Pure.</summary>
internal static class QuotaUsage
{
    private const string CountPrefix = "count/";

    /// <summary>The kinds whose objects count for more than that they are there.</summary>
    private static readonly string[] Measured = ["pods", "services", "persistentvolumeclaims"];

    /// <summary>Resources, by their qualified names, whose objects are only counted for a limit of this name; null when they are measured, or none is meant.</summary>
    public static string? CountedBy(string limit)
    {
        var name = limit.StartsWith(CountPrefix, StringComparison.Ordinal) ? limit[CountPrefix.Length..]
            : limit is "secrets" or "configmaps" or "replicationcontrollers" or "resourcequotas" ? limit : null;
        return name is null || Measured.Contains(name) ? null : name;
    }

    /// <summary>The sum for each limit of the quota; nothing of what it does not limit.</summary>
    public static Dictionary<string, Quantity> Sum(ResourceQuota quota, IEnumerable<(ApiResource Resource, IKubeObject Object)> objects)
    {
        var used = quota.Spec.Hard.Keys.ToDictionary(name => name, _ => Quantity.Parse("0"), StringComparer.Ordinal);
        foreach (var (resource, obj) in objects)
        {
            if (!QuotaScopes.Matches(quota.Spec, obj))
            {
                continue;
            }

            foreach (var (name, amount) in ObjectUsage.Of(resource, obj))
            {
                if (used.TryGetValue(name, out var sum))
                {
                    used[name] = sum + amount;
                }
            }
        }

        return used;
    }
}
