using System.Text.Json.Nodes;
using Coxswain.Api;
using Coxswain.Api.Json;
using Coxswain.ApiServer.Admission.Matching;
using Coxswain.ApiServer.Resources;
using Coxswain.ApiServer.Users;

namespace Coxswain.ApiServer.Admission.Expressions;

/// <summary>A write as an AdmissionRequest: what webhooks are sent, and what expressions call <c>request</c>.</summary>
internal static class AdmissionRequestDocument
{
    /// <param name="version">The version the objects are shown in.</param>
    public static async ValueTask<JsonObject> MakeAsync(
        AdmissionContext context, ServedResource version, string uid, CancellationToken cancellationToken)
    {
        var request = Describe(context, version);
        request["uid"] = uid;
        request["object"] = await ShowAsync(context, version, context.Document, cancellationToken);
        request["oldObject"] = await ShowAsync(context, version, context.Old, cancellationToken);
        return request;
    }

    /// <summary>Everything but the objects.</summary>
    public static JsonObject Describe(AdmissionContext context, ServedResource version)
    {
        var asked = context.Request.Resource;

        // A Scale or a Binding has its own kind whatever the version of what lies behind it.
        var isOwnKind = IsOwnKind(context);
        var request = new JsonObject
        {
            ["kind"] = Name(isOwnKind ? version.Kind : context.Kind),
            ["resource"] = Name(version),
            ["requestKind"] = Name(isOwnKind ? asked.Kind : context.Kind),
            ["requestResource"] = Name(asked),
            ["operation"] = ResourceRule.NameOf(context.Operation),
            ["userInfo"] = UserInfo(context.Request.User),
            ["dryRun"] = context.Request.DryRun,
            ["options"] = Options(context),
        };
        SetText(request, "subResource", context.Subresource);
        SetText(request, "requestSubResource", context.Subresource);
        SetText(request, "name", context.Request.Name.Length > 0 ? context.Request.Name : context.Document?.Object("metadata")?.Text("name") ?? "");
        SetText(request, "namespace", asked.Resource is { Group: "", Plural: "namespaces" } ? context.Request.Name : context.Request.Namespace);
        return request;
    }

    /// <summary>A copy of one of the objects in the version that is shown; null for none.</summary>
    public static async ValueTask<JsonObject?> ShowAsync(
        AdmissionContext context, ServedResource version, JsonObject? document, CancellationToken cancellationToken)
    {
        var copy = (JsonObject?)document?.DeepClone();
        return copy is null || !IsOwnKind(context) ? copy : await version.FromStoredAsync(copy, cancellationToken);
    }

    /// <summary>Whether the documents are of the resource's own kind, which has versions.</summary>
    public static bool IsOwnKind(AdmissionContext context) => context.Kind == context.Request.Resource.Storage.Kind;

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
