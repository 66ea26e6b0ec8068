using Coxswain.Api;
using Coxswain.Api.Resources;
using Coxswain.Api.Schemata;

namespace Coxswain.ApiServer.Resources;

/// <summary>The catalogue a server begins with: the facts of the built-in kinds, and what is particular to each.</summary>
internal static class BuiltInCatalogue
{
    /// <param name="rules">By qualified resource name; a kind without an entry has those of every kind.</param>
    /// <param name="others">Versions that are served beside the stored one, and how they translate.</param>
    public static Catalogue Make(IReadOnlyDictionary<string, ResourceRules> rules, IReadOnlyList<OtherVersion> others)
    {
        var stored = ApiResources.All
            .Where(resource => resource.Group is not "metrics.k8s.io" && others.All(other => Kind(other.Resource) != Kind(resource)))
            .Select(resource => new ServedResource(resource, SchemaOf(resource), rules.GetValueOrDefault(resource.QualifiedName, ResourceRules.Default)))
            .ToList();
        return new Catalogue([.. stored, .. others.Select(other => new ServedResource(
            other.Resource, SchemaOf(other.Resource) ?? Schemas.Find(other.Stored), stored.First(served => served.Kind == other.Stored), other.Converter)
        { Deprecation = other.Deprecation })]);
    }

    private static ObjectKind Kind(ApiResource resource) => new(resource.ApiVersion, resource.Kind);

    private static Schema? SchemaOf(ApiResource resource) => Schemas.Find(Kind(resource));
}

/// <param name="Stored">The kind at the version it is stored in.</param>
internal sealed record OtherVersion(ApiResource Resource, ObjectKind Stored, IVersionConverter Converter)
{
    /// <summary>What users of this version are told; empty when it is as good as the stored one.</summary>
    public string Deprecation { get; init; } = "";
}
