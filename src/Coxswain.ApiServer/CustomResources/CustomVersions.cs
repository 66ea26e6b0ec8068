using System.Text.Json.Nodes;
using Coxswain.Api.Decoding;
using Coxswain.Api.Defaulting;
using Coxswain.Api.Json;
using Coxswain.ApiServer.Documents;
using Coxswain.ApiServer.Resources;
using Coxswain.Store;

namespace Coxswain.ApiServer.CustomResources;

/// <summary>
/// Shows the objects of one custom resource in its versions: with the defaults of the version they are stored in, then
/// converted, then without what the version asked for does not know.
/// </summary>
/// <param name="webhook">Who converts; null when versions differ by name alone.</param>
internal sealed class CustomVersions(ConversionWebhook? webhook) : ICustomVersions
{
    private Dictionary<string, ServedResource> _versions = [];

    /// <summary>Called once, when all versions are made; they refer to this.</summary>
    public void Know(IEnumerable<ServedResource> versions) =>
        _versions = versions.ToDictionary(version => version.Kind.ApiVersion, StringComparer.Ordinal);

    public async ValueTask<IReadOnlyList<StoreEntry>> ShowAsync(
        ServedResource version, IReadOnlyList<StoreEntry> stored, CancellationToken cancellationToken)
    {
        var shown = new StoreEntry[stored.Count];
        List<(int Index, JsonObject Document)>? others = null;
        for (var i = 0; i < shown.Length; i++)
        {
            if (StoredObject.Of(stored[i]).ShownIn(version) is { } known)
            {
                shown[i] = known;
                continue;
            }

            var document = Document.Decode(stored[i].Value);
            var apiVersion = document.Text("apiVersion");
            if (_versions.TryGetValue(apiVersion, out var from))
            {
                ObjectDefaulting.Apply(document, from.Schema!); // a custom one has one
            }

            if (apiVersion == version.Kind.ApiVersion)
            {
                shown[i] = Keep(version, stored[i], document);
            }
            else
            {
                (others ??= []).Add((i, document));
            }
        }

        if (others is not null)
        {
            var converted = await ConvertAsync([.. others.Select(other => other.Document)], version, cancellationToken);
            for (var i = 0; i < others.Count; i++)
            {
                shown[others[i].Index] = Keep(version, stored[others[i].Index], converted[i]);
            }
        }

        return shown;
    }

    public async ValueTask<JsonObject> ConvertAsync(JsonObject document, ServedResource version, CancellationToken cancellationToken)
    {
        if (document.Text("apiVersion") == version.Kind.ApiVersion)
        {
            return document;
        }

        document = (await ConvertAsync([document], version, cancellationToken))[0];
        ObjectPruning.Prune(document, version.Schema!); // a custom one has one
        return document;
    }

    private async ValueTask<IReadOnlyList<JsonObject>> ConvertAsync(
        IReadOnlyList<JsonObject> documents, ServedResource version, CancellationToken cancellationToken)
    {
        if (webhook is not null)
        {
            return await webhook.ConvertAsync(documents, version.Kind, cancellationToken);
        }

        foreach (var document in documents)
        {
            document["apiVersion"] = version.Kind.ApiVersion;
        }

        return documents;
    }

    private static StoreEntry Keep(ServedResource version, StoreEntry stored, JsonObject document)
    {
        ObjectPruning.Prune(document, version.Schema!); // a custom one has one
        var value = Document.Encode(document);
        var shown = value.AsSpan().SequenceEqual(stored.Value.Span)
            ? stored : new StoreEntry(stored.Key, value, stored.CreateRevision, stored.ModRevision);
        StoredObject.Of(stored).KeepShown(version, shown);
        return shown;
    }
}
