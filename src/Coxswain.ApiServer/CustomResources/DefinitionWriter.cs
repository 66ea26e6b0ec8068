using System.Text.Json.Nodes;
using Coxswain.Api.Errors;
using Coxswain.Api.Json;
using Coxswain.ApiServer.Certificates;
using Coxswain.ApiServer.Core;
using Coxswain.ApiServer.Documents;
using Coxswain.ApiServer.Resources;
using Coxswain.ApiServer.Users;
using Coxswain.ApiServer.Verbs;
using Coxswain.Store;

namespace Coxswain.ApiServer.CustomResources;

/// <summary>Writes what the server itself has to say of a definition, as the server.</summary>
internal sealed class DefinitionWriter(IStore store, ApiCore core, CatalogueHolder catalogue)
{
    private static readonly User Server = new("system:apiserver", [ClusterPki.MastersGroup]);

    public static string Prefix => "/registry/apiextensions.k8s.io/customresourcedefinitions/";

    /// <summary>The definition with its resourceVersion; null when it is gone.</summary>
    public async ValueTask<JsonObject?> ReadAsync(string name, CancellationToken cancellationToken) =>
        await store.GetAsync(Prefix + name, cancellationToken) is { } entry ? Document.DecodeWithVersion(entry.Value, entry.ModRevision) : null;

    /// <summary>Writes a changed definition, or its status.</summary>
    /// <returns>False when somebody else wrote it in the meantime, or it is gone: it is to be looked at anew.</returns>
    public async ValueTask<bool> WriteAsync(JsonObject definition, string subresource, CancellationToken cancellationToken)
    {
        var resource = catalogue.Of<Coxswain.Api.ApiExtensions.V1.CustomResourceDefinition>();
        var request = new ApiRequest(Server, "update", resource, "", definition.Metadata().Text("name")) { Subresource = subresource };
        try
        {
            await core.UpdateAsync(request, new DocumentBody(definition), cancellationToken);
            return true;
        }
        catch (KubeStatusException exception) when (exception.IsConflict || exception.IsNotFound)
        {
            return false;
        }
    }
}
