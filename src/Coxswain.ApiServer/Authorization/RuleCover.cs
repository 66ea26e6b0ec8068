using Coxswain.Api.Rbac.V1;

namespace Coxswain.ApiServer.Authorization;

/// <summary>Whether rules together allow all that other rules allow.</summary>
internal static class RuleCover
{
    /// <summary>The smallest pieces of <paramref name="wanted"/> that <paramref name="held"/> does not allow; empty when all is covered.</summary>
    public static IReadOnlyList<PolicyRule> Missing(IReadOnlyList<PolicyRule> held, IReadOnlyList<PolicyRule> wanted) =>
        [.. wanted.SelectMany(rule => held.Any(own => own.Equals(rule)) ? [] : Pieces(rule)).Where(piece => !held.Any(own => Covers(own, piece)))];

    /// <summary>One piece for each verb, and resource or path, and name.</summary>
    private static IEnumerable<PolicyRule> Pieces(PolicyRule rule)
    {
        foreach (var verb in rule.Verbs)
        {
            foreach (var path in rule.NonResourceURLs)
            {
                yield return new PolicyRule { Verbs = [verb], NonResourceURLs = [path] };
            }

            foreach (var apiGroup in rule.ApiGroups)
            {
                foreach (var resource in rule.Resources)
                {
                    var piece = new PolicyRule { Verbs = [verb], ApiGroups = [apiGroup], Resources = [resource] };
                    if (rule.ResourceNames.Count == 0)
                    {
                        yield return piece;
                    }

                    foreach (var name in rule.ResourceNames)
                    {
                        yield return piece with { ResourceNames = [name] };
                    }
                }
            }
        }
    }

    /// <param name="piece">With one verb, and one path, or one group and resource and at most one name.</param>
    private static bool Covers(PolicyRule held, PolicyRule piece) =>
        RbacRules.Has(held.Verbs, piece.Verbs[0])
        && (piece.NonResourceURLs.Count > 0
            ? held.NonResourceURLs.Any(pattern => RbacRules.MatchesPath(pattern, piece.NonResourceURLs[0]))
            : RbacRules.Has(held.ApiGroups, piece.ApiGroups[0]) && RbacRules.HasResource(held.Resources, piece.Resources[0])
                && (held.ResourceNames.Count == 0 || (piece.ResourceNames.Count > 0 && held.ResourceNames.Contains(piece.ResourceNames[0]))));
}
