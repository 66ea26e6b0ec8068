using Coxswain.ApiServer.Admission.Matching;
using Coxswain.ApiServer.Resources;
using Coxswain.Store;

namespace Coxswain.ApiServer.Admission.Webhooks;

/// <summary>Asks webhooks whether a write may be; all of them at once, and each may refuse.</summary>
internal sealed class ValidatingWebhooks(IStore store, WebhookCaller caller) : IAdmissionPlugin, IAsyncDisposable
{
    private readonly WebhookConfigurations _configurations = new(store, "validatingwebhookconfigurations");

    public async ValueTask ValidateAsync(AdmissionContext context, CancellationToken cancellationToken)
    {
        var webhooks = RequestMatcher.IsExempt(context) ? [] : await _configurations.GetAsync(cancellationToken);
        if (webhooks.Count == 0)
        {
            return;
        }

        var asked = new List<(AdmissionWebhook Webhook, ServedResource Version)>();
        foreach (var webhook in webhooks)
        {
            if (await caller.MatchAsync(webhook, context, cancellationToken) is { } version)
            {
                asked.Add((webhook, version));
            }
        }

        var verdicts = await Task.WhenAll(asked.Select(one => caller.AskAsync(one.Webhook, context, one.Version, cancellationToken).AsTask()));
        context.Request.Warnings.AddRange(verdicts.OfType<WebhookVerdict>().SelectMany(verdict => verdict.Warnings));
    }

    public ValueTask DisposeAsync() => _configurations.DisposeAsync();
}
