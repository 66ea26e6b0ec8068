using System.Text.Json.Nodes;
using Coxswain.Api.Json;
using Coxswain.ApiServer.Documents;

namespace Coxswain.ApiServer.FlowControl;

/// <summary>One rule of a FlowSchema: whose requests, and which.</summary>
internal sealed class FlowRule
{
    private const string AccountPrefix = "system:serviceaccount:";

    private readonly IReadOnlyList<string> _users;
    private readonly IReadOnlyList<string> _userPrefixes;
    private readonly IReadOnlyList<string> _groups;
    private readonly IReadOnlyList<ResourceRule> _resources;
    private readonly IReadOnlyList<PathRule> _paths;

    private FlowRule(JsonObject rule)
    {
        List<string> users = [], prefixes = [], groups = [];
        foreach (var subject in Items(rule, "subjects"))
        {
            switch (subject.Text("kind"))
            {
                case "User":
                    users.Add(subject.TextAt("user", "name"));
                    break;
                case "Group":
                    groups.Add(subject.TextAt("group", "name"));
                    break;
                case "ServiceAccount" when subject.TextAt("serviceAccount", "name") == "*":
                    prefixes.Add($"{AccountPrefix}{subject.TextAt("serviceAccount", "namespace")}:");
                    break;
                case "ServiceAccount":
                    users.Add($"{AccountPrefix}{subject.TextAt("serviceAccount", "namespace")}:{subject.TextAt("serviceAccount", "name")}");
                    break;
            }
        }

        (_users, _userPrefixes, _groups) = (users, prefixes, groups);
        _resources = [.. Items(rule, "resourceRules").Select(item => new ResourceRule(
            [.. item["verbs"].Texts()], [.. item["apiGroups"].Texts()], [.. item["resources"].Texts()], [.. item["namespaces"].Texts()],
            item.Truth("clusterScope") == true))];
        _paths = [.. Items(rule, "nonResourceRules").Select(item => new PathRule([.. item["verbs"].Texts()], [.. item["nonResourceURLs"].Texts()]))];
    }

    public static FlowRule Read(JsonObject rule) => new(rule);

    public bool Matches(in FlowRequest request) =>
        IsOf(request) && (request.Resource.Length > 0 ? MatchesResource(request) : MatchesPath(request));

    private bool IsOf(in FlowRequest request)
    {
        foreach (var user in _users)
        {
            if (user == "*" || user == request.User.Name)
            {
                return true;
            }
        }

        foreach (var prefix in _userPrefixes)
        {
            if (request.User.Name.StartsWith(prefix, StringComparison.Ordinal))
            {
                return true;
            }
        }

        foreach (var group in _groups)
        {
            if (group == "*" || Has(request.User.Groups, group))
            {
                return true;
            }
        }

        return false;
    }

    private bool MatchesResource(in FlowRequest request)
    {
        foreach (var rule in _resources)
        {
            if (HasOrAny(rule.Verbs, request.Verb) && HasOrAny(rule.Groups, request.Group) && HasOrAny(rule.Resources, request.Resource)
                && (request.Namespace.Length == 0 ? rule.IsClusterWide : HasOrAny(rule.Namespaces, request.Namespace)))
            {
                return true;
            }
        }

        return false;
    }

    private bool MatchesPath(in FlowRequest request)
    {
        foreach (var rule in _paths)
        {
            if (!HasOrAny(rule.Verbs, request.Verb))
            {
                continue;
            }

            foreach (var path in rule.Paths)
            {
                if (path == request.Path || (path.EndsWith('*') && request.Path.AsSpan().StartsWith(path.AsSpan(0, path.Length - 1), StringComparison.Ordinal)))
                {
                    return true;
                }
            }
        }

        return false;
    }

    private static bool HasOrAny(IReadOnlyList<string> known, string wanted) => Has(known, "*") || Has(known, wanted);

    private static bool Has(IReadOnlyList<string> known, string wanted)
    {
        for (var i = 0; i < known.Count; i++)
        {
            if (known[i] == wanted)
            {
                return true;
            }
        }

        return false;
    }

    private static IEnumerable<JsonObject> Items(JsonObject rule, string name) => (rule.Array(name) ?? []).OfType<JsonObject>();

    private sealed record ResourceRule(
        IReadOnlyList<string> Verbs, IReadOnlyList<string> Groups, IReadOnlyList<string> Resources, IReadOnlyList<string> Namespaces, bool IsClusterWide);

    private sealed record PathRule(IReadOnlyList<string> Verbs, IReadOnlyList<string> Paths);
}
