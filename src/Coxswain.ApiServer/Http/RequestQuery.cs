using System.Globalization;
using Coxswain.Api;
using Coxswain.Api.Decoding;
using Coxswain.Api.Errors;
using Coxswain.ApiServer.Resources;
using Microsoft.AspNetCore.Http;

namespace Coxswain.ApiServer.Http;

/// <summary>Reads the options of a request's query.</summary>
internal static class RequestQuery
{
    public static string Text(this IQueryCollection query, string name) => query.TryGetValue(name, out var values) ? values[^1] ?? "" : "";

    public static bool Flag(this IQueryCollection query, string name) =>
        query.TryGetValue(name, out var values) && values[^1] is "true" or "1" or "" or "True" or "TRUE" or "t" or "T";

    public static ListParameters ReadList(IQueryCollection query) => query.Count == 0 ? Empty : new ListParameters
    {
        LabelSelector = query.Text("labelSelector"),
        FieldSelector = query.Text("fieldSelector"),
        ResourceVersion = query.Text("resourceVersion"),
        ResourceVersionMatch = query.Text("resourceVersionMatch"),
        Limit = (int)Math.Clamp(Integer(query, "limit") ?? 0, 0, int.MaxValue),
        Continue = query.Text("continue"),
        AllowWatchBookmarks = query.Flag("allowWatchBookmarks"),
        SendInitialEvents = query.ContainsKey("sendInitialEvents") ? query.Flag("sendInitialEvents") : null,
        Timeout = Integer(query, "timeoutSeconds") is > 0 and var seconds ? TimeSpan.FromSeconds(Math.Min(seconds, 86_400)) : null,
    };

    public static FieldValidation ReadValidation(IQueryCollection query, string verb) => query.Text("fieldValidation") switch
    {
        "" or "Warn" => FieldValidation.Warn,
        "Ignore" => FieldValidation.Ignore,
        "Strict" => FieldValidation.Strict,
        var other => throw new KubeStatusException(Statuses.Invalid(OptionsOf(verb), "",
            [FieldError.NotSupported("fieldValidation", other, ["Ignore", "Strict", "Warn"])])),
    };

    public static string ReadFieldManager(IQueryCollection query, string verb)
    {
        var name = query.Text("fieldManager");
        return ManagerNames.Check(name).ToList() is { Count: > 0 } errors
            ? throw new KubeStatusException(Statuses.Invalid(OptionsOf(verb), "", errors)) : name;
    }

    public static bool ReadDryRun(IQueryCollection query, string verb) => query.Text("dryRun") switch
    {
        "" => false,
        "All" => true,
        var other => throw new KubeStatusException(Statuses.Invalid(OptionsOf(verb), "",
            [FieldError.NotSupported("dryRun", other, ["All"])])),
    };

    private static ObjectKind OptionsOf(string verb) => new("meta.k8s.io/v1", verb switch
    {
        "update" => "UpdateOptions",
        "patch" => "PatchOptions",
        "delete" or "deletecollection" => "DeleteOptions",
        _ => "CreateOptions",
    });

    private static readonly ListParameters Empty = new();

    public static long? Integer(IQueryCollection query, string name)
    {
        var text = query.Text(name);
        if (text.Length == 0)
        {
            return null;
        }

        return long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number)
            ? number
            : throw new KubeStatusException(Statuses.BadRequest($"strconv.ParseInt: parsing \"{text}\": invalid syntax"));
    }
}
