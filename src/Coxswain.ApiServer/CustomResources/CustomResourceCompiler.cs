using System.Text.Json.Nodes;
using Coxswain.Api.Json;
using Coxswain.Api.Resources;
using Coxswain.Api.Schemata;
using Coxswain.ApiServer.Documents;
using Coxswain.ApiServer.Resources;
using Coxswain.ApiServer.ValidationRules;
using Coxswain.ApiServer.Webhooks;

namespace Coxswain.ApiServer.CustomResources;

/// <summary>Makes of a CustomResourceDefinition what the catalogue holds: an entry for each version, its schema read once.</summary>
internal sealed class CustomResourceCompiler(WebhookClient webhooks, IdentitySource identities)
{
    private static readonly string[] Verbs = ["create", "delete", "deletecollection", "get", "list", "patch", "update", "watch"];
    private static readonly string[] SubresourceVerbs = ["get", "patch", "update"];

    private static readonly JsonObject AgeColumn = new()
    {
        ["name"] = "Age",
        ["type"] = "date",
        ["jsonPath"] = ".metadata.creationTimestamp",
        ["description"] = "When the object was created.",
    };

    /// <param name="names">The accepted ones.</param>
    /// <param name="isEnding">Nothing is created any more.</param>
    /// <returns>The versions that are served.</returns>
    public IReadOnlyList<ServedResource> Compile(JsonObject definition, JsonObject names, bool isEnding)
    {
        var spec = definition.ObjectOrNew("spec");
        var versions = (spec.Array("versions") ?? []).OfType<JsonObject>().ToList();
        if (versions.Find(version => version.Truth("storage") == true) is not { } stored)
        {
            return [];
        }

        var conversion = spec.Object("conversion");
        var custom = new CustomVersions(
            conversion?.Text("strategy") == "Webhook" ? new ConversionWebhook(webhooks, conversion.ObjectOrNew("webhook"), identities) : null);
        List<SelectableField> selectable = [.. versions.SelectMany(version => version.Array("selectableFields") ?? []).OfType<JsonObject>()
            .Select(field => SelectableField.At(Dotted(field.Text("jsonPath")))).DistinctBy(field => field.Name)];
        var place = new Place(spec.Text("group"), names, spec.Text("scope") == "Namespaced", isEnding);
        var storage = Make(place, stored, selectable, null, custom);
        List<ServedResource> all = [storage, .. versions.Where(version => version != stored).Select(version => Make(place, version, selectable, storage, custom))];
        custom.Know(all);
        var served = versions.Where(version => version.Truth("served") == true).Select(version => version.Text("name")).ToHashSet(StringComparer.Ordinal);
        return [.. all.Where(version => served.Contains(version.Resource.Version))];
    }

    private static ServedResource Make(
        Place place, JsonObject version, IReadOnlyList<SelectableField> selectable, ServedResource? storage, CustomVersions custom)
    {
        var schema = version.Object("schema")?.Object("openAPIV3Schema")
            ?? new JsonObject { ["type"] = "object", ["x-kubernetes-preserve-unknown-fields"] = true };
        var columns = (version.Array("additionalPrinterColumns") is { Count: > 0 } own ? own.OfType<JsonObject>() : [AgeColumn]).ToList();
        var subresources = version.Object("subresources");
        var rules = new CustomResourceRules(
            [.. columns.Select(column => new PrinterColumn(column.Text("type"), PathOf(column.Text("jsonPath"))))],
            selectable, RuleTree.Read(schema), subresources?.Object("status") is not null);
        var resource = ResourceOf(place, version.Text("name"), subresources) with
        {
            Columns =
            [
                new ApiColumn("Name", "string", "name", 0, "The object's name, unique among its kind in its namespace."),
                .. columns.Select(column => new ApiColumn(
                    column.Text("name"), column.Text("type"), column.Text("format"), (int)(column.Integer("priority") ?? 0), column.Text("description"))),
            ],
        };
        return new ServedResource(resource, StructuralSchema.ReadRoot(schema), rules, storage, custom)
        {
            OpenApiSchema = schema,
            Deprecation = DeprecationOf(version, resource),
            Scale = subresources?.Object("scale") is { } scale
                ? new ScalePaths(
                    Dotted(scale.Text("specReplicasPath")), Dotted(scale.Text("statusReplicasPath")),
                    scale.Text("labelSelectorPath") is { Length: > 0 } selector ? Dotted(selector) : null)
                : ScalePaths.Workload,
        };
    }

    private static ApiResource ResourceOf(Place place, string version, JsonObject? subresources)
    {
        var names = place.Names;
        var kind = names.Text("kind");
        var parts = new List<ApiSubresource>();
        if (subresources?.Object("status") is not null)
        {
            parts.Add(new ApiSubresource("status", kind, null, null, SubresourceVerbs));
        }

        if (subresources?.Object("scale") is not null)
        {
            parts.Add(new ApiSubresource("scale", "Scale", "autoscaling", "v1", SubresourceVerbs));
        }

        return new ApiResource(place.Group, version, names.Text("plural"), kind, place.IsNamespaced)
        {
            Singular = names.Text("singular"),
            ShortNames = [.. names["shortNames"].Texts()],
            Categories = [.. names["categories"].Texts()],
            Verbs = place.IsEnding ? [.. Verbs.Where(verb => verb != "create")] : Verbs,
            Subresources = parts,
        };
    }

    private static string DeprecationOf(JsonObject version, ApiResource resource) =>
        version.Truth("deprecated") != true ? ""
        : version.Text("deprecationWarning") is { Length: > 0 } own ? own
        : $"{resource.ApiVersion} {resource.Kind} is deprecated";

    private static string Dotted(string path) => path.TrimStart('.');

    private static JsonPath? PathOf(string path)
    {
        try
        {
            return JsonPath.Parse(path);
        }
        catch (FormatException)
        {
            return null;
        }
    }

    private sealed record Place(string Group, JsonObject Names, bool IsNamespaced, bool IsEnding);
}
