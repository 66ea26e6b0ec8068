using System.Text.Json.Nodes;
using Coxswain.Store;

namespace Coxswain.ApiServer.Resources;

/// <summary>
/// The versions of one custom resource. Its objects may be stored in a version that was the storage version once, and lack
/// what its schema defaults today, so that every read goes through here; a webhook may have to be asked.
/// </summary>
internal interface ICustomVersions
{
    /// <summary>Stored entries as a version shows them: the same instances where nothing differs.</summary>
    /// <exception cref="Coxswain.Api.Errors.KubeStatusException">They could not be converted.</exception>
    ValueTask<IReadOnlyList<StoreEntry>> ShowAsync(ServedResource version, IReadOnlyList<StoreEntry> stored, CancellationToken cancellationToken);

    /// <summary>A document of any of the versions as another one writes it. Takes it over.</summary>
    /// <exception cref="Coxswain.Api.Errors.KubeStatusException">It could not be converted.</exception>
    ValueTask<JsonObject> ConvertAsync(JsonObject document, ServedResource version, CancellationToken cancellationToken);
}
