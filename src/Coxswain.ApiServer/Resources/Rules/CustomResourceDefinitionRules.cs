using System.Text.Json.Nodes;
using Coxswain.Api.Errors;
using Coxswain.Api.Json;
using Coxswain.Api.Resources;
using Coxswain.Api.Validation;
using Coxswain.ApiServer.Documents;
using Coxswain.ApiServer.ValidationRules;

namespace Coxswain.ApiServer.Resources.Rules;

/// <summary>
/// A CustomResourceDefinition remembers which versions its objects may be stored in, and stays, once it is deleted, until
/// its objects are gone.
/// </summary>
internal sealed class CustomResourceDefinitionRules : ResourceRules
{
    /// <summary>Held until every object of the definition is deleted.</summary>
    public const string CleanupFinalizer = "customresourcecleanup.apiextensions.k8s.io";

    private const int MostErrors = 100;

    public override bool TracksGeneration => true;

    public override bool AllowsUnconditionalUpdate => false;

    public override void PrepareForCreate(JsonObject document)
    {
        document["status"] = new JsonObject();
        RememberStorageVersion(document);
    }

    public override void PrepareForUpdate(JsonObject document, JsonObject old) => RememberStorageVersion(document);

    public override IEnumerable<FieldError> Validate(JsonObject document, JsonObject? old, ApiResource asked) =>
        // What was taken once can be labelled and let go of, whatever is thought of it now.
        old is not null && JsonEquality.Equal(document["spec"], old["spec"]) ? [] : CustomResourceDefinitionValidation.Check(document, old).Concat(RuleIssues(document)).Take(MostErrors);

    public override void DeletionBegan(JsonObject document)
    {
        var finalizers = document.Metadata().Items("finalizers");
        if (!finalizers.Texts().Contains(CleanupFinalizer))
        {
            finalizers.Add(CleanupFinalizer);
        }
    }

    private static void RememberStorageVersion(JsonObject document)
    {
        var storage = (document.Object("spec")?.Array("versions") ?? []).OfType<JsonObject>().FirstOrDefault(version => version.Truth("storage") == true);
        var stored = document.ObjectOrNew("status").Items("storedVersions");
        if (storage?.Text("name") is { Length: > 0 } name && !stored.Texts().Contains(name))
        {
            stored.Add(name);
        }
    }

    /// <summary>Rules that are no expressions.</summary>
    private static IEnumerable<FieldError> RuleIssues(JsonObject document) => (document.Object("spec")?.Array("versions") ?? []).OfType<JsonObject>()
        .SelectMany((version, i) => version.Object("schema")?.Object("openAPIV3Schema") is { } schema
            ? RuleTree.Read(schema)?.Issues($"spec.versions[{i}].schema.openAPIV3Schema") ?? [] : []);
}
