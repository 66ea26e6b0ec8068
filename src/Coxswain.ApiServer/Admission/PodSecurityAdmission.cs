using System.Text.Json.Nodes;
using Coxswain.Api.Core.V1;
using Coxswain.Api.Errors;
using Coxswain.Api.Json;
using Coxswain.Api.Pods;
using Coxswain.ApiServer.Documents;
using Coxswain.Store;

namespace Coxswain.ApiServer.Admission;

/// <summary>
/// Holds Pods to the Pod Security level that their namespace is labelled with: refuses what <c>enforce</c> forbids, warns of
/// what <c>warn</c> does, also about the templates of workloads, whose Pods would be refused later.
/// </summary>
internal sealed class PodSecurityAdmission(IStore store) : IAdmissionPlugin
{
    private const string Label = "pod-security.kubernetes.io/";

    private static readonly string[] Levels = ["privileged", "baseline", "restricted"];

    public async ValueTask ValidateAsync(AdmissionContext context, CancellationToken cancellationToken)
    {
        if (context.Is("", "namespaces"))
        {
            CheckLabels(context);
            return;
        }

        if (context.Operation is not (AdmissionOperation.Create or AdmissionOperation.Update) || context.Document is not { } document
            || context.Subresource is not ("" or "ephemeralcontainers"))
        {
            return;
        }

        var resource = context.Request.Resource.Storage.Resource;
        var isPod = resource is { Group: "", Plural: "pods" };
        if (SpecOf(document, resource.Group, resource.Plural) is not { } spec
            || (context.Old is not null && JsonEquality.Equal(spec, SpecOf(context.Old, resource.Group, resource.Plural))))
        {
            return;
        }

        var entry = await store.GetAsync($"/registry/core/namespaces/{context.Request.Namespace}", cancellationToken);
        if (entry is null || StoredObject.Of(entry).Labels is not { Count: > 0 } labels)
        {
            return;
        }

        var (enforce, warn) = (labels.GetValueOrDefault(Label + "enforce", "privileged"), labels.GetValueOrDefault(Label + "warn", "privileged"));
        if (enforce == "privileged" && warn == "privileged")
        {
            return;
        }

        var typed = KubeJson.Deserialize<PodSpec>(Document.Utf8(spec));
        if (isPod && PodSecurity.Check(typed, enforce) is { Count: > 0 } forbidden)
        {
            throw new KubeStatusException(Statuses.Forbidden("pods", context.Request.Name, $"{Violates(labels, "enforce", enforce)}: {string.Join(", ", forbidden)}"));
        }

        if (PodSecurity.Check(typed, warn) is { Count: > 0 } warned)
        {
            context.Request.Warnings.Add($"would {Violates(labels, "warn", warn).Replace("violates", "violate", StringComparison.Ordinal)}: {string.Join(", ", warned)}");
        }
    }

    private static string Violates(IReadOnlyDictionary<string, string> labels, string mode, string level) =>
        $"violates PodSecurity \"{level}:{labels.GetValueOrDefault($"{Label}{mode}-version", "latest")}\"";

    private static JsonObject? SpecOf(JsonObject document, string apiGroup, string plural) => (apiGroup, plural) switch
    {
        ("", "pods") => document.Object("spec"),
        ("", "replicationcontrollers") or ("apps", _) or ("batch", "jobs") => document.Object("spec")?.Object("template")?.Object("spec"),
        ("", "podtemplates") => document.Object("template")?.Object("spec"),
        ("batch", "cronjobs") => document.Object("spec")?.Object("jobTemplate")?.Object("spec")?.Object("template")?.Object("spec"),
        _ => null,
    };

    /// <summary>A level that is not known would otherwise be taken for the strictest.</summary>
    private static void CheckLabels(AdmissionContext context)
    {
        var errors = new List<FieldError>();
        foreach (var mode in (ReadOnlySpan<string>)["enforce", "audit", "warn"])
        {
            if (context.Document?.Metadata().Object("labels")?.Text(Label + mode) is { Length: > 0 } level && !Levels.Contains(level))
            {
                errors.Add(FieldError.Invalid($"metadata.labels[{Label}{mode}]", level, $"must be one of {string.Join(", ", Levels)}"));
            }
        }

        if (errors.Count > 0)
        {
            throw new KubeStatusException(Statuses.Invalid(context.Kind, context.Request.Name, errors));
        }
    }
}
