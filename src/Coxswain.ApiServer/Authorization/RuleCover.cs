using Coxswain.Api.Rbac.V1;

namespace Coxswain.ApiServer.Authorization;

/// <summary>
/// Whether rules together allow all that other rules allow. A rule is a product of verbs, groups, resources and names; what others
/// hold of it is taken away dimension by dimension, so that a few long lists are never multiplied out.
/// </summary>
internal static class RuleCover
{
    /// <summary>How many pieces of what is not allowed are told; nobody reads more.</summary>
    public const int MostPieces = 100;

    /// <summary>A rule that what is held cuts into more parts than this counts as not held where it was not compared yet.</summary>
    private const int MostParts = 4096;

    /// <summary>
    /// Smallest pieces of <paramref name="wanted"/> that <paramref name="held"/> does not allow, at most <see cref="MostPieces"/> of
    /// them; empty when all is covered.
    /// </summary>
    public static IReadOnlyList<PolicyRule> Missing(IReadOnlyList<PolicyRule> held, IReadOnlyList<PolicyRule> wanted)
    {
        var covers = held.Select(rule => new Cover(rule)).ToList();
        return [.. wanted.SelectMany(Halves).SelectMany(half => Left(covers, half)).SelectMany(Pieces).Take(MostPieces)];
    }

    /// <summary>What a rule says of resources, and what it says of paths.</summary>
    private static IEnumerable<PolicyRule> Halves(PolicyRule rule) =>
        [rule with { NonResourceURLs = [] }, rule with { ApiGroups = [], Resources = [], ResourceNames = [] }];

    private static List<PolicyRule> Left(List<Cover> covers, PolicyRule wanted)
    {
        List<PolicyRule> left = [wanted];
        foreach (var cover in covers)
        {
            if (left.Count is 0 or > MostParts)
            {
                break;
            }

            left = [.. left.SelectMany(cover.Outside)];
        }

        return left;
    }

    /// <summary>One piece for each verb, and resource or path, and name; made as they are asked for.</summary>
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

    /// <summary>A rule that is held, ready to be compared with long lists.</summary>
    private sealed class Cover(PolicyRule rule)
    {
        private readonly HashSet<string> _verbs = Set(rule.Verbs);
        private readonly HashSet<string> _apiGroups = Set(rule.ApiGroups);
        private readonly HashSet<string> _resources = Set(rule.Resources);
        private readonly HashSet<string> _names = Set(rule.ResourceNames);

        /// <summary>The parts of a rule, of resources or of paths, that lie outside this one; no two of them overlap.</summary>
        public IEnumerable<PolicyRule> Outside(PolicyRule wanted)
        {
            var verbs = Split(wanted.Verbs, verb => RbacRules.Has(_verbs, verb));
            if (wanted.NonResourceURLs.Count > 0)
            {
                var paths = Split(wanted.NonResourceURLs, path => rule.NonResourceURLs.Any(pattern => RbacRules.MatchesPath(pattern, path)));
                return verbs.In.Count == 0 || paths.In.Count == 0 ? [wanted] : NotEmpty(
                    wanted with { Verbs = verbs.Out },
                    wanted with { Verbs = verbs.In, NonResourceURLs = paths.Out });
            }

            var groups = Split(wanted.ApiGroups, group => RbacRules.Has(_apiGroups, group));
            var resources = Split(wanted.Resources, resource => RbacRules.HasResource(_resources, resource));
            if (verbs.In.Count == 0 || groups.In.Count == 0 || resources.In.Count == 0)
            {
                return [wanted];
            }

            var around = NotEmpty(
                wanted with { Verbs = verbs.Out },
                wanted with { Verbs = verbs.In, ApiGroups = groups.Out },
                wanted with { Verbs = verbs.In, ApiGroups = groups.In, Resources = resources.Out });
            var inside = wanted with { Verbs = verbs.In, ApiGroups = groups.In, Resources = resources.In };
            if (_names.Count == 0)
            {
                return around;
            }

            // No name is every name: what holds some of them does not hold that.
            var names = Split(wanted.ResourceNames, _names.Contains);
            if (names.In.Count == 0)
            {
                return [wanted];
            }

            return names.Out.Count == 0 ? around : around.Append(inside with { ResourceNames = names.Out });
        }

        private static HashSet<string> Set(IReadOnlyList<string> items) => new(items, StringComparer.Ordinal);

        private static (List<string> In, List<string> Out) Split(IReadOnlyList<string> items, Func<string, bool> isHeld)
        {
            var parts = items.ToLookup(isHeld);
            return ([.. parts[true]], [.. parts[false]]);
        }

        private static IEnumerable<PolicyRule> NotEmpty(params IReadOnlyList<PolicyRule> parts) => parts.Where(part =>
            part.Verbs.Count > 0 && (part.NonResourceURLs.Count > 0 || (part.ApiGroups.Count > 0 && part.Resources.Count > 0)));
    }
}
