namespace Coxswain.ApiServer.Audit;

/// <summary>Resources that a rule of a policy is about.</summary>
/// <param name="Resources">Plurals, with <c>/subresource</c> and stars; empty for all of the group.</param>
/// <param name="Names">Empty for all names.</param>
internal sealed record AuditedResources(string Group, IReadOnlyList<string> Resources, IReadOnlyList<string> Names)
{
    public bool Matches(in AuditedRequest request)
    {
        if (Group != request.Group || (Names.Count > 0 && !Names.Contains(request.Name)))
        {
            return false;
        }

        if (Resources.Count == 0)
        {
            return true;
        }

        foreach (var pattern in Resources)
        {
            var slash = pattern.IndexOf('/');
            var (plural, subresource) = slash < 0 ? (pattern, "") : (pattern[..slash], pattern[(slash + 1)..]);
            if (pattern == "*" || ((plural == "*" || plural == request.Resource) && (subresource == request.Subresource || (subresource == "*" && request.Subresource.Length > 0))))
            {
                return true;
            }
        }

        return false;
    }
}
