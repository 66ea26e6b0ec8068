using System.Text.Json.Nodes;
using Coxswain.Api.Errors;
using Coxswain.Api.Json;
using Coxswain.ApiServer.Admission.Matching;
using Coxswain.ApiServer.Admission.Policies;
using Coxswain.ApiServer.Certificates;
using Coxswain.ApiServer.Core;
using Coxswain.ApiServer.Documents;
using Coxswain.ApiServer.Following;
using Coxswain.ApiServer.Resources;
using Coxswain.ApiServer.Users;
using Coxswain.ApiServer.Verbs;
using Coxswain.Store;
using Microsoft.Extensions.Logging;

namespace Coxswain.ApiServer.PolicyStatus;

/// <summary>
/// Holds the expressions of ValidatingAdmissionPolicies against the types of what they name, and says in their status what cannot be:
/// a field that the kind does not have is found before the first write meets it.
/// </summary>
internal sealed class PolicyTypeChecking(IStore store, ApiCore core, CatalogueHolder catalogue, TimeProvider time, ILogger<PolicyTypeChecking> logger)
{
    private const string Prefix = "/registry/admissionregistration.k8s.io/validatingadmissionpolicies/";

    /// <summary>How many kinds one policy is checked for, as in Kubernetes.</summary>
    private const int MostKinds = 10;

    private static readonly User Server = new("system:apiserver", [ClusterPki.MastersGroup]);

    public Task RunAsync(CancellationToken cancellationToken) => new EntryFollower(store, Prefix, time, logger).RunAsync(
        CheckAsync, (events, token) => CheckAsync([.. events.Select(change => change.Entry).OfType<StoreEntry>()], token), cancellationToken);

    private async ValueTask CheckAsync(IReadOnlyList<StoreEntry> entries, CancellationToken cancellationToken)
    {
        foreach (var entry in entries)
        {
            var policy = Document.DecodeWithVersion(entry.Value, entry.ModRevision);
            if (policy.IntegerAt("status", "observedGeneration") == policy.IntegerAt("metadata", "generation"))
            {
                continue;
            }

            var warnings = new JsonArray([.. Warnings(policy).Select(warning =>
                new JsonObject { ["fieldRef"] = warning.Field, ["warning"] = warning.Text })]);
            var status = policy.ObjectOrNew("status");
            status["observedGeneration"] = policy.IntegerAt("metadata", "generation");
            status["typeChecking"] = warnings.Count == 0 ? [] : new JsonObject { ["expressionWarnings"] = warnings };
            try
            {
                var resource = catalogue.Of<Coxswain.Api.AdmissionRegistration.V1.ValidatingAdmissionPolicy>();
                var request = new ApiRequest(Server, "update", resource, "", policy.TextAt("metadata", "name")) { Subresource = "status" };
                await core.UpdateAsync(request, new DocumentBody(policy), cancellationToken);
            }
            catch (KubeStatusException exception) when (exception.IsConflict || exception.IsNotFound)
            {
                // Whoever wrote it meanwhile brings another event.
            }
        }
    }

    /// <summary>What is wrong for any of the kinds, by expression.</summary>
    private IEnumerable<(string Field, string Text)> Warnings(JsonObject policy)
    {
        var found = new Dictionary<string, List<string>>(StringComparer.Ordinal);
        foreach (var resource in KindsOf(policy))
        {
            if (resource.Schema is not { } schema)
            {
                continue;
            }

            foreach (var (field, _, issue) in PolicyDefinition.Read(policy, SchemaTypes.Of(schema)).Expressions())
            {
                if (issue is not null)
                {
                    if (!found.TryGetValue(field, out var texts))
                    {
                        found.Add(field, texts = []);
                    }

                    var text = issue.StartsWith("compilation failed: ", StringComparison.Ordinal) ? issue["compilation failed: ".Length..] : issue;
                    texts.Add($"{resource.Kind}: {text}");
                }
            }
        }

        return found.Select(entry => (entry.Key, string.Join('\n', entry.Value)));
    }

    /// <summary>The kinds that the rules name; a rule with a star names none.</summary>
    private IEnumerable<ServedResource> KindsOf(JsonObject policy) =>
        MatchCriteria.Read(policy.Object("spec")?.Object("matchConstraints") ?? [], "resourceRules").Rules
            .SelectMany(rule => rule.Groups.SelectMany(group => rule.Versions.SelectMany(version => rule.Resources
                .Select(plural => catalogue.Find(group, version, plural)))))
            .OfType<ServedResource>().Distinct().Take(MostKinds);
}
