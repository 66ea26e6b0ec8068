using System.Text.Json.Nodes;
using Coxswain.Api.Json;
using Coxswain.ApiServer.Documents;
using Coxswain.ApiServer.Resources;

namespace Coxswain.ApiServer.Conversion;

/// <summary>
/// Deployments, ReplicaSets, DaemonSets and StatefulSets of extensions/v1beta1 and apps/v1beta1: what they left out meant
/// something else than today.
/// </summary>
/// <param name="defaults">What fields of the spec that are absent mean in this version.</param>
internal sealed class OldWorkloadConverter(Func<JsonObject> defaults) : IVersionConverter
{
    public const string RollbackAnnotation = "deprecated.deployment.rollback.rollbackTo";
    public const string GenerationAnnotation = "deprecated.daemonset.template.generation";

    public JsonObject ToStored(JsonObject document)
    {
        var spec = document.ObjectOrNew("spec");
        if (spec.Object("template")?.Object("metadata")?.Object("labels") is { Count: > 0 } labels)
        {
            if (spec.Object("selector") is null or { Count: 0 })
            {
                spec["selector"] = new JsonObject { ["matchLabels"] = labels.DeepClone() };
            }

            if (document.Metadata().Object("labels") is null or { Count: 0 })
            {
                document.Metadata()["labels"] = labels.DeepClone();
            }
        }

        Fill(spec, defaults());
        Keep(document, spec.Object("rollbackTo")?.Integer("revision"), RollbackAnnotation);
        Keep(document, spec.Integer("templateGeneration"), GenerationAnnotation);
        spec.Remove("rollbackTo");
        spec.Remove("templateGeneration");
        return document;
    }

    public JsonObject FromStored(JsonObject document)
    {
        var annotations = document.Metadata().Object("annotations");
        if (annotations?.Text(RollbackAnnotation) is { Length: > 0 } revision && long.TryParse(revision, out var wanted))
        {
            document.ObjectOrNew("spec")["rollbackTo"] = new JsonObject { ["revision"] = wanted };
        }

        if (annotations?.Text(GenerationAnnotation) is { Length: > 0 } generation && long.TryParse(generation, out var count))
        {
            document.ObjectOrNew("spec")["templateGeneration"] = count;
        }

        return document;
    }

    /// <summary>Puts in what is not there, and into what is there what that lacks.</summary>
    private static void Fill(JsonObject target, JsonObject values)
    {
        foreach (var (name, value) in values)
        {
            if (target[name] is not { } existing)
            {
                target[name] = value?.DeepClone();
            }
            else if (existing is JsonObject inner && value is JsonObject wanted && (name != "rollingUpdate" || inner.Count > 0 || wanted.Count > 0))
            {
                // A strategy of another type has no numbers of this one.
                if (wanted.Text("type").Length > 0 && inner.Text("type").Length > 0 && inner.Text("type") != wanted.Text("type"))
                {
                    continue;
                }

                Fill(inner, wanted);
            }
        }
    }

    private static void Keep(JsonObject document, long? number, string annotation)
    {
        if (number is { } value)
        {
            document.Metadata().ObjectOrNew("annotations")[annotation] = value.ToString(System.Globalization.CultureInfo.InvariantCulture);
        }
    }
}
