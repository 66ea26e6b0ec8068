using System.Text.Json.Nodes;
using Coxswain.Api.Json;
using Coxswain.ApiServer.Documents;
using Coxswain.Store;

namespace Coxswain.ApiServer.Admission.Webhooks;

/// <summary>The webhooks of one sort, by the names of their configurations and then as they stand there.</summary>
internal sealed class WebhookConfigurations(IStore store, string plural) : IAsyncDisposable
{
    private readonly StoreView<Hooks> _hooks = new(store, $"/registry/admissionregistration.k8s.io/{plural}/", entries => new Hooks(
        [.. entries.OrderBy(entry => entry.Key, StringComparer.Ordinal).SelectMany(entry => Read(Document.Decode(entry.Value)))]));

    public async ValueTask<IReadOnlyList<AdmissionWebhook>> GetAsync(CancellationToken cancellationToken) =>
        (await _hooks.GetAsync(cancellationToken)).All;

    public ValueTask DisposeAsync() => _hooks.DisposeAsync();

    private static IEnumerable<AdmissionWebhook> Read(JsonObject configuration) =>
        (configuration.Array("webhooks") ?? []).OfType<JsonObject>().Select(AdmissionWebhook.Read);

    private sealed record Hooks(IReadOnlyList<AdmissionWebhook> All);
}
