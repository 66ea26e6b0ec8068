namespace Coxswain.ApiServer.Audit;

/// <summary>One rule of a policy.</summary>
internal sealed record AuditRule(AuditLevel Level, IReadOnlyList<string> Users, IReadOnlyList<string> Groups, IReadOnlyList<string> Verbs)
{
    /// <summary>Null for requests of all sorts, unless the rule is about paths.</summary>
    public IReadOnlyList<AuditedResources>? Resources { get; init; }

    /// <summary>Empty for all; an empty name is what lies in none.</summary>
    public IReadOnlyList<string> Namespaces { get; init; } = [];

    /// <summary>Null for requests of all sorts, unless the rule is about resources.</summary>
    public IReadOnlyList<string>? Paths { get; init; }

    public IReadOnlyList<string> OmittedStages { get; init; } = [];

    public bool Matches(in AuditedRequest request)
    {
        if ((Users.Count > 0 && !Users.Contains(request.User.Name)) || (Groups.Count > 0 && !HasGroup(request))
            || (Verbs.Count > 0 && !Verbs.Contains(request.Verb)))
        {
            return false;
        }

        return request.Resource.Length > 0 ? MatchesResource(request) : MatchesPath(request.Path);
    }

    private bool HasGroup(in AuditedRequest request)
    {
        foreach (var group in request.User.Groups)
        {
            if (Groups.Contains(group))
            {
                return true;
            }
        }

        return false;
    }

    private bool MatchesResource(in AuditedRequest request)
    {
        if (Namespaces.Count > 0 && !Namespaces.Contains(request.Namespace))
        {
            return false;
        }

        if (Resources is null)
        {
            return Paths is null;
        }

        foreach (var resources in Resources)
        {
            if (resources.Matches(request))
            {
                return true;
            }
        }

        return false;
    }

    private bool MatchesPath(string path)
    {
        if (Paths is null)
        {
            return Resources is null && Namespaces.Count == 0;
        }

        foreach (var pattern in Paths)
        {
            if (pattern == path || (pattern.EndsWith('*') && path.AsSpan().StartsWith(pattern.AsSpan(0, pattern.Length - 1), StringComparison.Ordinal)))
            {
                return true;
            }
        }

        return false;
    }
}

internal enum AuditLevel
{
    None,

    /// <summary>Who, when, what; no objects.</summary>
    Metadata,

    /// <summary>What was sent, too.</summary>
    Request,

    /// <summary>And what was answered.</summary>
    RequestResponse,
}
