using System.Text.Json;
using System.Text.Json.Nodes;
using Coxswain.Api;
using Coxswain.Api.Errors;
using Coxswain.Api.Json;
using Coxswain.Api.Meta.V1;
using Coxswain.ApiServer.Documents;
using Coxswain.ApiServer.Resources;
using Coxswain.ApiServer.Users;
using Coxswain.ApiServer.Webhooks;
using Coxswain.Store;

namespace Coxswain.ApiServer.Admission.Webhooks;

/// <summary>Decides whether a webhook is asked about a write, asks it (AdmissionReview), and reads its verdict.</summary>
internal sealed class WebhookCaller(IStore store, CatalogueHolder catalogue, WebhookClient client, IdentitySource identities)
{
    private const string RegistrationGroup = "admissionregistration.k8s.io";

    /// <summary>The configurations themselves are asked about nobody: a webhook that refuses could never be taken away.</summary>
    public static bool IsExempt(AdmissionContext context) => context.Request.Resource.Resource.Group == RegistrationGroup;

    /// <summary>The version of the resource in which a webhook wants to see the write; null when it does not want to.</summary>
    public async ValueTask<ServedResource?> MatchAsync(AdmissionWebhook webhook, AdmissionContext context, CancellationToken cancellationToken)
    {
        var asked = context.Request.Resource;
        var version = webhook.Rules.Any(rule => rule.Matches(context, asked)) ? asked
            : !webhook.MatchesEquivalent ? null
            : catalogue.Current.All.FirstOrDefault(other => other != asked && other.Storage == asked.Storage
                && webhook.Rules.Any(rule => rule.Matches(context, other)));
        return version is not null && MatchesObject(webhook, context) && await MatchesNamespaceAsync(webhook, context, cancellationToken) ? version : null;
    }

    /// <returns>Null when the webhook could not be asked and its failures do not count.</returns>
    /// <exception cref="KubeStatusException">The webhook refuses the write, or could not be asked.</exception>
    public async ValueTask<WebhookVerdict?> AskAsync(
        AdmissionWebhook webhook, AdmissionContext context, ServedResource version, CancellationToken cancellationToken)
    {
        if (context.Request.DryRun && !webhook.AllowsDryRun)
        {
            throw new KubeStatusException(Statuses.BadRequest($"admission webhook \"{webhook.Name}\" does not support dry run"));
        }

        try
        {
            var request = await RequestAsync(context, version, cancellationToken);
            var apiVersion = $"admission.k8s.io/{webhook.ReviewVersion}";
            var review = new JsonObject { ["kind"] = "AdmissionReview", ["apiVersion"] = apiVersion, ["request"] = request };
            var answer = await client.CallAsync(webhook.Target, review, webhook.Timeout, cancellationToken);
            return ReadAnswer(webhook, answer, request.Text("uid"), apiVersion);
        }
        catch (WebhookException exception)
        {
            return webhook.IgnoresFailure ? null : throw new KubeStatusException(Statuses.InternalError(
                $"failed calling webhook \"{webhook.Name}\": failed to call webhook: {exception.Message}"));
        }
    }

    private static bool MatchesObject(AdmissionWebhook webhook, AdmissionContext context) =>
        webhook.Objects.IsEmpty || Matches(webhook, context.Document) || Matches(webhook, context.Old);

    private static bool Matches(AdmissionWebhook webhook, JsonObject? document) =>
        document is not null && webhook.Objects.Matches(LabelsOf(document));

    private static Dictionary<string, string> LabelsOf(JsonObject document) => (document.Object("metadata")?.Object("labels") ?? [])
        .ToDictionary(label => label.Key, label => label.Value.TryText(out var text) ? text : "", StringComparer.Ordinal);

    private async ValueTask<bool> MatchesNamespaceAsync(AdmissionWebhook webhook, AdmissionContext context, CancellationToken cancellationToken)
    {
        if (webhook.Namespaces.IsEmpty)
        {
            return true;
        }

        var request = context.Request;
        if (request.Resource.Resource is { Group: "", Plural: "namespaces" })
        {
            return webhook.Namespaces.Matches(LabelsOf(context.Document ?? context.Old ?? []));
        }

        if (!request.Resource.Resource.Namespaced)
        {
            return true;
        }

        var entry = await store.GetAsync($"/registry/core/namespaces/{request.Namespace}", cancellationToken);
        return entry is not null && webhook.Namespaces.Matches(StoredObject.Of(entry).Labels);
    }

    private async ValueTask<JsonObject> RequestAsync(AdmissionContext context, ServedResource version, CancellationToken cancellationToken)
    {
        var asked = context.Request.Resource;

        // A Scale or a Binding has its own kind whatever the version of what lies behind it.
        var isOwnKind = context.Kind == asked.Storage.Kind;
        var request = new JsonObject
        {
            ["uid"] = identities.NewUid(),
            ["kind"] = Name(isOwnKind ? version.Kind : context.Kind),
            ["resource"] = Name(version),
            ["requestKind"] = Name(isOwnKind ? asked.Kind : context.Kind),
            ["requestResource"] = Name(asked),
            ["operation"] = context.Operation.ToString().ToUpperInvariant(),
            ["userInfo"] = UserInfo(context.Request.User),
            ["object"] = await ShowAsync(context.Document),
            ["oldObject"] = await ShowAsync(context.Old),
            ["dryRun"] = context.Request.DryRun,
            ["options"] = Options(context),
        };
        SetText(request, "subResource", context.Subresource);
        SetText(request, "requestSubResource", context.Subresource);
        SetText(request, "name", context.Request.Name.Length > 0 ? context.Request.Name : context.Document?.Object("metadata")?.Text("name") ?? "");
        SetText(request, "namespace", asked.Resource is { Group: "", Plural: "namespaces" } ? context.Request.Name : context.Request.Namespace);
        return request;

        async ValueTask<JsonNode?> ShowAsync(JsonObject? document)
        {
            var copy = (JsonObject?)document?.DeepClone();
            return copy is null || !isOwnKind ? copy : await version.FromStoredAsync(copy, cancellationToken);
        }
    }

    private static JsonObject Options(AdmissionContext context)
    {
        var options = (JsonObject?)context.Options?.DeepClone() ?? [];
        options["kind"] = context.Operation switch
        {
            AdmissionOperation.Create => "CreateOptions",
            AdmissionOperation.Update => context.Request.Verb == "patch" ? "PatchOptions" : "UpdateOptions",
            AdmissionOperation.Delete => "DeleteOptions",
            _ => context.Kind.Kind,
        };
        options["apiVersion"] = context.Operation == AdmissionOperation.Connect ? context.Kind.ApiVersion : "meta.k8s.io/v1";
        if (context.Request.DryRun)
        {
            options["dryRun"] = new JsonArray("All");
        }

        SetText(options, "fieldManager", context.Request.FieldManager);
        return options;
    }

    private static JsonObject UserInfo(User user)
    {
        var info = new JsonObject { ["username"] = user.Name, ["groups"] = Texts(user.Groups) };
        SetText(info, "uid", user.Uid);
        if (user.Extra.Count > 0)
        {
            info["extra"] = new JsonObject(user.Extra.Select(item => KeyValuePair.Create<string, JsonNode?>(item.Key, Texts(item.Value))));
        }

        return info;
    }

    private static WebhookVerdict ReadAnswer(AdmissionWebhook webhook, JsonObject answer, string uid, string apiVersion)
    {
        if (answer.Text("kind") != "AdmissionReview" || answer.Text("apiVersion") != apiVersion)
        {
            throw new WebhookException(
                $"expected webhook response of {apiVersion}, Kind=AdmissionReview, got {answer.Text("apiVersion")}, Kind={answer.Text("kind")}");
        }

        var response = answer.Object("response") ?? throw new WebhookException("webhook response did not contain a response");
        if (response.Text("uid") != uid)
        {
            throw new WebhookException($"expected response.uid=\"{uid}\", got \"{response.Text("uid")}\"");
        }

        if (response.Truth("allowed") != true)
        {
            throw new KubeStatusException(Refusal(webhook, response.Object("status")));
        }

        var warnings = response["warnings"].Texts().ToList();
        if (response.Text("patch") is not { Length: > 0 } patch)
        {
            return new WebhookVerdict(null, warnings);
        }

        if (response.Text("patchType") != "JSONPatch")
        {
            throw new WebhookException($"webhook returned response.patch but not response.patchType=JSONPatch: \"{response.Text("patchType")}\"");
        }

        try
        {
            return new WebhookVerdict(KubeJson.ParseNode(Convert.FromBase64String(patch), KubeJson.MaxDepth), warnings);
        }
        catch (Exception exception) when (exception is FormatException or JsonException)
        {
            throw new WebhookException($"the patch cannot be read: {exception.Message}", exception);
        }
    }

    private static Status Refusal(AdmissionWebhook webhook, JsonObject? said)
    {
        var by = $"admission webhook \"{webhook.Name}\" denied the request";
        var why = said?.Text("message") is { Length: > 0 } message ? $": {message}" : said?.Text("reason") is { Length: > 0 } reason ? $": {reason}" : " without explanation";
        return new Status
        {
            StatusValue = "Failure",
            Message = by + why,
            Reason = said?.Text("reason") ?? "",
            Code = (int)Math.Clamp(said?.Integer("code") ?? 0, 400, 599),
        };
    }

    private static JsonObject Name(ObjectKind kind) => new() { ["group"] = kind.Group, ["version"] = kind.Version, ["kind"] = kind.Kind };

    private static JsonObject Name(ServedResource served) =>
        new() { ["group"] = served.Resource.Group, ["version"] = served.Resource.Version, ["resource"] = served.Resource.Plural };

    private static JsonArray Texts(IEnumerable<string> texts) => new([.. texts.Select(text => JsonValue.Create(text))]);

    private static void SetText(JsonObject target, string name, string text)
    {
        if (text.Length > 0)
        {
            target[name] = text;
        }
    }
}

/// <param name="Patch">What a mutating webhook wants changed (RFC 6902); null for nothing.</param>
internal sealed record WebhookVerdict(JsonNode? Patch, IReadOnlyList<string> Warnings);
