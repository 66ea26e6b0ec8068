using System.Text.Json.Nodes;
using Coxswain.Api.Json;
using Coxswain.ApiServer.Documents;
using Coxswain.ApiServer.Resources;

namespace Coxswain.ApiServer.Admission.Matching;

/// <summary>Which requests a webhook or a policy is about.</summary>
internal sealed record ResourceRule(
    IReadOnlyList<string> Operations, IReadOnlyList<string> Groups, IReadOnlyList<string> Versions, IReadOnlyList<string> Resources, string Scope)
{
    /// <summary>Empty for all names.</summary>
    public IReadOnlyList<string> Names { get; init; } = [];

    public static ResourceRule Read(JsonObject rule) => new(
        [.. rule["operations"].Texts()], [.. rule["apiGroups"].Texts()], [.. rule["apiVersions"].Texts()], [.. rule["resources"].Texts()],
        rule.Text("scope"))
    { Names = [.. rule["resourceNames"].Texts()] };

    /// <param name="version">The version that is held against the rule: the one asked for, or another of the same resource.</param>
    public bool Matches(AdmissionContext context, ServedResource version)
    {
        var resource = version.Resource;
        return Has(Operations, NameOf(context.Operation)) && Has(Groups, resource.Group) && Has(Versions, resource.Version)
            && MatchesAny(Resources, resource.Plural, context.Subresource)
            && Scope switch { "Namespaced" => resource.Namespaced, "Cluster" => !resource.Namespaced, _ => true }
            && (Names.Count == 0 || Names.Contains(context.Request.Name));
    }

    /// <summary>The operation as rules spell it.</summary>
    public static string NameOf(AdmissionOperation operation) => operation switch
    {
        AdmissionOperation.Create => "CREATE",
        AdmissionOperation.Update => "UPDATE",
        AdmissionOperation.Delete => "DELETE",
        _ => "CONNECT",
    };

    private static bool Has(IReadOnlyList<string> allowed, string wanted) => allowed.Contains("*") || allowed.Contains(wanted);

    private static bool MatchesAny(IReadOnlyList<string> patterns, string plural, string subresource)
    {
        foreach (var pattern in patterns)
        {
            var slash = pattern.IndexOf('/');
            var (wantedPlural, wantedSubresource) = slash < 0 ? (pattern, "") : (pattern[..slash], pattern[(slash + 1)..]);
            if ((wantedPlural == "*" || wantedPlural == plural) && (wantedSubresource == "*" || wantedSubresource == subresource))
            {
                return true;
            }
        }

        return false;
    }
}
