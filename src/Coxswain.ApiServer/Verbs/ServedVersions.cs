using System.Text.Json.Nodes;
using Coxswain.Api;
using Coxswain.Api.Apply;
using Coxswain.Api.Schemata;
using Coxswain.ApiServer.Resources;

namespace Coxswain.ApiServer.Verbs;

/// <summary>The versions a resource is served in now.</summary>
internal sealed class ServedVersions(CatalogueHolder resources, ServedResource resource) : IObjectVersions
{
    public Schema? SchemaOf(string apiVersion) => Find(apiVersion)?.Schema;

    public JsonObject Convert(JsonObject document, string from, string to) => Served(to).FromStored(Served(from).ToStored((JsonObject)document.DeepClone()));

    private ServedResource Served(string apiVersion) =>
        Find(apiVersion) ?? throw new InvalidOperationException($"{resource.QualifiedName} is not served in {apiVersion}");

    /// <summary>Another version of the same stored objects, which may be of another group.</summary>
    private ServedResource? Find(string apiVersion)
    {
        if (apiVersion == resource.Kind.ApiVersion)
        {
            return resource;
        }

        var kind = new ObjectKind(apiVersion, resource.Kind.Kind);
        return resources.Find(kind.Group, kind.Version, resource.Resource.Plural) is { } found && ReferenceEquals(found.Storage, resource.Storage) ? found : null;
    }
}
