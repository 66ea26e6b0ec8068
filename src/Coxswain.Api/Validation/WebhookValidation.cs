using System.Text.Json.Nodes;
using Coxswain.Api.Errors;
using Coxswain.Api.Json;
using Coxswain.Api.Scalars;

namespace Coxswain.Api.Validation;

/// <summary>The rules for what names a webhook, wherever one is configured, and for the configurations of admission.</summary>
public static class WebhookValidation
{
    private static readonly string[] Operations = ["*", "CONNECT", "CREATE", "DELETE", "UPDATE"];

    /// <summary>Checks a MutatingWebhookConfiguration or ValidatingWebhookConfiguration.</summary>
    /// <param name="mayHaveEffects">Whether webhooks may say that they have side effects, or not say, as in v1beta1.</param>
    public static IReadOnlyList<FieldError> Check(JsonObject configuration, bool mayHaveEffects = false)
    {
        var errors = new FieldErrors();
        var names = new HashSet<string>(StringComparer.Ordinal);
        var webhooks = configuration.Array("webhooks") ?? [];
        for (var i = 0; i < webhooks.Count; i++)
        {
            var field = $"webhooks[{i}]";
            var webhook = webhooks[i] as JsonObject ?? [];
            var name = webhook.Text("name");
            if (name.Length == 0)
            {
                errors.Required($"{field}.name");
            }
            else if (name.Split('.') is var labels && (labels.Length < 3 || !Names.IsSubdomain(name)))
            {
                errors.Invalid($"{field}.name", name, "should be a domain with at least three segments separated by dots");
            }

            if (!names.Add(name))
            {
                errors.Duplicate($"{field}.name", name);
            }

            CheckHook(errors, webhook, field, mayHaveEffects);
        }

        return errors.All;
    }

    /// <summary>Whether a stored configuration says what only v1beta1 could.</summary>
    public static bool MayHaveEffects(JsonObject configuration) => (configuration.Array("webhooks") ?? []).OfType<JsonObject>()
        .Any(webhook => webhook.Text("sideEffects") is "Some" or "Unknown");

    internal static void CheckClient(FieldErrors errors, JsonObject client, string field)
    {
        var url = client.Text("url");
        var service = client.Object("service");
        if ((url.Length > 0) == (service is not null))
        {
            errors.Required($"{field}.url", "exactly one of url or service is required");
        }
        else if (url.Length > 0)
        {
            CheckUrl(errors, url, $"{field}.url");
        }
        else if (service is not null)
        {
            foreach (var name in (ReadOnlySpan<string>)["name", "namespace"])
            {
                if (service.Text(name).Length == 0)
                {
                    errors.Required($"{field}.service.{name}", $"service {name} is required");
                }
            }

            if (service.Integer("port") is (< 1 or > 65535) and var port)
            {
                errors.Invalid($"{field}.service.port", port, "port is not valid: must be between 1 and 65535, inclusive");
            }

            if (service.Text("path") is { Length: > 0 } path && !path.StartsWith('/'))
            {
                errors.Invalid($"{field}.service.path", path, "must start with a '/'");
            }
        }
    }

    internal static void CheckReviewVersions(FieldErrors errors, JsonArray versions, string field)
    {
        var texts = versions.Select(version => version.TryText(out var text) ? text : "").ToList();
        if (texts.Count == 0)
        {
            errors.Required(field, "must specify one of v1, v1beta1");
        }
        else if (!texts.Contains("v1") && !texts.Contains("v1beta1"))
        {
            errors.Invalid(field, string.Join(", ", texts), "must include at least one of v1, v1beta1");
        }

        for (var i = 0; i < texts.Count; i++)
        {
            errors.Invalid($"{field}[{i}]", texts[i], Names.Label1035Errors(texts[i]));
        }
    }

    private static void CheckUrl(FieldErrors errors, string url, string field)
    {
        if (!Uri.TryCreate(url, UriKind.Absolute, out var parsed) || parsed.Scheme != Uri.UriSchemeHttps)
        {
            errors.Invalid(field, url, "'https' is the only allowed URL scheme; desired format: https://host[/path]");
        }
        else if (parsed.UserInfo.Length > 0 || parsed.Query.Length > 0 || parsed.Fragment.Length > 0)
        {
            errors.Invalid(field, url, "user information, query parameters and fragments are not permitted in the URL");
        }
    }

    private static void CheckHook(FieldErrors errors, JsonObject webhook, string field, bool mayHaveEffects)
    {
        CheckClient(errors, webhook.Object("clientConfig") ?? [], $"{field}.clientConfig");
        CheckReviewVersions(errors, webhook.Array("admissionReviewVersions") ?? [], $"{field}.admissionReviewVersions");
        if (webhook.Text("sideEffects") is { Length: > 0 } effects)
        {
            errors.OneOf($"{field}.sideEffects", effects, mayHaveEffects ? ["None", "NoneOnDryRun", "Some", "Unknown"] : ["None", "NoneOnDryRun"]);
        }
        else
        {
            errors.Required($"{field}.sideEffects", "must specify one of None, NoneOnDryRun");
        }

        CheckChoice(errors, webhook, field, "failurePolicy", "Fail", "Ignore");
        CheckChoice(errors, webhook, field, "matchPolicy", "Equivalent", "Exact");
        CheckChoice(errors, webhook, field, "reinvocationPolicy", "IfNeeded", "Never");
        if (webhook.Integer("timeoutSeconds") is (< 1 or > 30) and var seconds)
        {
            errors.Invalid($"{field}.timeoutSeconds", seconds, "the timeout value must be between 1 and 30 seconds");
        }

        var rules = webhook.Array("rules") ?? [];
        for (var i = 0; i < rules.Count; i++)
        {
            CheckRule(errors, rules[i] as JsonObject ?? [], $"{field}.rules[{i}]");
        }
    }

    private static void CheckChoice(FieldErrors errors, JsonObject webhook, string field, string name, params ReadOnlySpan<string> known)
    {
        if (webhook.Text(name) is { Length: > 0 } value)
        {
            errors.OneOf($"{field}.{name}", value, known);
        }
    }

    private static void CheckRule(FieldErrors errors, JsonObject rule, string field)
    {
        foreach (var name in (ReadOnlySpan<string>)["operations", "apiGroups", "apiVersions", "resources"])
        {
            var values = (rule.Array(name) ?? []).Select(value => value.TryText(out var text) ? text : "").ToList();
            if (values.Count == 0)
            {
                errors.Required($"{field}.{name}");
            }

            if (name != "resources" && values.Count > 1 && values.Contains("*"))
            {
                errors.Invalid($"{field}.{name}", string.Join(", ", values), "if '*' is present, must not specify other values");
            }

            for (var i = 0; i < values.Count; i++)
            {
                if (name == "operations" && !Operations.Contains(values[i]))
                {
                    errors.Add(FieldError.NotSupported($"{field}.operations[{i}]", values[i], Operations));
                }
                else if (name != "apiGroups" && values[i].Length == 0)
                {
                    errors.Required($"{field}.{name}[{i}]");
                }
            }
        }

        CheckChoice(errors, rule, field, "scope", "*", "Cluster", "Namespaced");
    }
}
