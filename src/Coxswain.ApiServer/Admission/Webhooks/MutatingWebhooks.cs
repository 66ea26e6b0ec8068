using System.Text.Json.Nodes;
using Coxswain.Api.Errors;
using Coxswain.Api.Json;
using Coxswain.Api.Patch;
using Coxswain.ApiServer.Admission.Expressions;
using Coxswain.ApiServer.Admission.Matching;
using Coxswain.Store;

namespace Coxswain.ApiServer.Admission.Webhooks;

/// <summary>
/// Lets webhooks change what is written, one after the other. When one did, the server's own plug-ins look again, and so do
/// those webhooks that asked to see what others changed after them; each once.
/// </summary>
internal sealed class MutatingWebhooks(IStore store, WebhookCaller caller) : ILateMutator, IAsyncDisposable
{
    private readonly WebhookConfigurations _configurations = new(store, "mutatingwebhookconfigurations");

    public async ValueTask<bool> MutateAsync(AdmissionContext context, Func<ValueTask> reinvoke, CancellationToken cancellationToken)
    {
        var webhooks = RequestMatcher.IsExempt(context) ? [] : await _configurations.GetAsync(cancellationToken);
        if (webhooks.Count == 0)
        {
            return false;
        }

        var seen = new List<(AdmissionWebhook Webhook, JsonNode? Left)>();
        var changed = false;
        foreach (var webhook in webhooks)
        {
            if (await AskAsync(webhook, context, cancellationToken) is { } hasChanged)
            {
                changed |= hasChanged;
                if (webhook.IsReinvoked)
                {
                    seen.Add((webhook, context.Document?.DeepClone()));
                }
            }
        }

        if (changed)
        {
            await reinvoke();
            foreach (var (webhook, left) in seen)
            {
                if (!JsonEquality.Equal(left, context.Document))
                {
                    await AskAsync(webhook, context, cancellationToken);
                }
            }
        }

        return changed;
    }

    public ValueTask DisposeAsync() => _configurations.DisposeAsync();

    /// <returns>Whether the webhook changed the document; null when it was not asked.</returns>
    private async ValueTask<bool?> AskAsync(AdmissionWebhook webhook, AdmissionContext context, CancellationToken cancellationToken)
    {
        if (await caller.MatchAsync(webhook, context, cancellationToken) is not { } version)
        {
            return null;
        }

        var verdict = await caller.AskAsync(webhook, context, version, cancellationToken);
        context.Request.Warnings.AddRange(verdict?.Warnings ?? []);
        if (verdict?.Patch is not { } patch || context.Document is not { } document)
        {
            return false;
        }

        var isOwnKind = AdmissionRequestDocument.IsOwnKind(context);
        var shown = (JsonObject)document.DeepClone();
        shown = isOwnKind ? await version.FromStoredAsync(shown, cancellationToken) : shown;
        if (JsonPatch.Apply(shown, patch) is not JsonObject patched)
        {
            throw new KubeStatusException(Statuses.InternalError($"webhook \"{webhook.Name}\" left no object"));
        }

        patched = (JsonObject)patched.DeepClone();
        context.Replace(isOwnKind ? await version.ToStoredAsync(patched, cancellationToken) : patched);
        return true;
    }
}
