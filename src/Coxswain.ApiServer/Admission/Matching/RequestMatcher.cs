using System.Text.Json.Nodes;
using Coxswain.Api.Json;
using Coxswain.ApiServer.Documents;
using Coxswain.ApiServer.Resources;
using Coxswain.Store;

namespace Coxswain.ApiServer.Admission.Matching;

/// <summary>Holds a write against what webhooks and policies say they are about.</summary>
internal sealed class RequestMatcher(IStore store, CatalogueHolder catalogue)
{
    private const string RegistrationGroup = "admissionregistration.k8s.io";

    /// <summary>What extends admission is asked about nobody: a webhook that refuses could never be taken away.</summary>
    public static bool IsExempt(AdmissionContext context) => context.Request.Resource.Resource.Group == RegistrationGroup;

    /// <summary>The version of the resource in which the write is to be seen; null when it does not match.</summary>
    public async ValueTask<ServedResource?> MatchAsync(MatchCriteria criteria, AdmissionContext context, CancellationToken cancellationToken)
    {
        var version = FindVersion(criteria, context);
        return version is not null && MatchesObject(criteria, context) && await MatchesNamespaceAsync(criteria, context, cancellationToken) ? version : null;
    }

    /// <summary>The namespace a write lies in, as stored; null for what lies in none.</summary>
    public async ValueTask<StoreEntry?> NamespaceOfAsync(AdmissionContext context, CancellationToken cancellationToken)
    {
        var request = context.Request;
        return request.Resource.Resource.Namespaced
            ? await store.GetAsync($"/registry/core/namespaces/{request.Namespace}", cancellationToken) : null;
    }

    private ServedResource? FindVersion(MatchCriteria criteria, AdmissionContext context)
    {
        var asked = context.Request.Resource;
        if (Any(criteria.Excluded, context, asked) || (criteria.Rules.Count == 0 && criteria.NeedsRule))
        {
            return null;
        }

        if (criteria.Rules.Count == 0 || Any(criteria.Rules, context, asked))
        {
            return asked;
        }

        if (!criteria.MatchesEquivalent)
        {
            return null;
        }

        foreach (var other in catalogue.Current.All)
        {
            if (other.Storage == asked.Storage && other != asked && Any(criteria.Rules, context, other))
            {
                return other;
            }
        }

        return null;
    }

    private static bool Any(IReadOnlyList<ResourceRule> rules, AdmissionContext context, ServedResource version)
    {
        foreach (var rule in rules)
        {
            if (rule.Matches(context, version))
            {
                return true;
            }
        }

        return false;
    }

    private static bool MatchesObject(MatchCriteria criteria, AdmissionContext context) =>
        criteria.Objects.IsEmpty || Matches(criteria, context.Document) || Matches(criteria, context.Old);

    private static bool Matches(MatchCriteria criteria, JsonObject? document) =>
        document is not null && criteria.Objects.Matches(LabelsOf(document));

    private static Dictionary<string, string> LabelsOf(JsonObject document) => (document.Object("metadata")?.Object("labels") ?? [])
        .ToDictionary(label => label.Key, label => label.Value.TryText(out var text) ? text : "", StringComparer.Ordinal);

    private async ValueTask<bool> MatchesNamespaceAsync(MatchCriteria criteria, AdmissionContext context, CancellationToken cancellationToken)
    {
        if (criteria.Namespaces.IsEmpty)
        {
            return true;
        }

        if (context.Request.Resource.Resource is { Group: "", Plural: "namespaces" })
        {
            return criteria.Namespaces.Matches(LabelsOf(context.Document ?? context.Old ?? []));
        }

        if (!context.Request.Resource.Resource.Namespaced)
        {
            return true;
        }

        return await NamespaceOfAsync(context, cancellationToken) is { } entry && criteria.Namespaces.Matches(StoredObject.Of(entry).Labels);
    }
}
