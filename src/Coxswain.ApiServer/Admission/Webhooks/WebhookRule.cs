using System.Text.Json.Nodes;
using Coxswain.Api.Json;
using Coxswain.ApiServer.Documents;
using Coxswain.ApiServer.Resources;

namespace Coxswain.ApiServer.Admission.Webhooks;

/// <summary>Which requests a webhook is asked about.</summary>
internal sealed record WebhookRule(
    IReadOnlyList<string> Operations, IReadOnlyList<string> Groups, IReadOnlyList<string> Versions, IReadOnlyList<string> Resources, string Scope)
{
    public static WebhookRule Read(JsonObject rule) => new(
        [.. rule["operations"].Texts()], [.. rule["apiGroups"].Texts()], [.. rule["apiVersions"].Texts()], [.. rule["resources"].Texts()],
        rule.Text("scope"));

    /// <param name="version">The version that is held against the rule: the one asked for, or another of the same resource.</param>
    public bool Matches(AdmissionContext context, ServedResource version)
    {
        var resource = version.Resource;
        return Has(Operations, context.Operation.ToString().ToUpperInvariant()) && Has(Groups, resource.Group) && Has(Versions, resource.Version)
            && Resources.Any(pattern => MatchesResource(pattern, resource.Plural, context.Subresource))
            && Scope switch { "Namespaced" => resource.Namespaced, "Cluster" => !resource.Namespaced, _ => true };
    }

    private static bool Has(IReadOnlyList<string> allowed, string wanted) => allowed.Contains("*") || allowed.Contains(wanted);

    private static bool MatchesResource(string pattern, string plural, string subresource)
    {
        var slash = pattern.IndexOf('/');
        var (wantedPlural, wantedSubresource) = slash < 0 ? (pattern, "") : (pattern[..slash], pattern[(slash + 1)..]);
        return (wantedPlural == "*" || wantedPlural == plural) && (wantedSubresource == "*" || wantedSubresource == subresource);
    }
}
