using System.Text;
using Coxswain.Api.Resources;

namespace Coxswain.Client.Http;

/// <summary>Where requests go: the paths and queries of the Kubernetes API.</summary>
internal static class RequestPaths
{
    public static string Of(ApiResource resource, string? @namespace, string name = "", string subresource = "")
    {
        var path = new StringBuilder(resource.Group.Length == 0 ? $"/api/{resource.Version}" : $"/apis/{resource.Group}/{resource.Version}");
        if (resource.Namespaced && !string.IsNullOrEmpty(@namespace))
        {
            path.Append("/namespaces/").Append(Uri.EscapeDataString(@namespace));
        }

        path.Append('/').Append(resource.Plural);
        if (name.Length > 0)
        {
            path.Append('/').Append(Uri.EscapeDataString(name));
        }

        if (subresource.Length > 0)
        {
            path.Append('/').Append(subresource);
        }

        return path.ToString();
    }

    public static string List(ApiResource resource, string? @namespace, ListQuery query) =>
        Of(resource, @namespace) + Query(
            ("labelSelector", query.LabelSelector),
            ("fieldSelector", query.FieldSelector),
            ("limit", query.Limit > 0 ? $"{query.Limit}" : ""),
            ("continue", query.Continue),
            ("resourceVersion", query.ResourceVersion));

    public static string Watch(ApiResource resource, string? @namespace, WatchQuery query) =>
        Of(resource, @namespace) + Query(
            ("watch", "1"),
            ("resourceVersion", query.ResourceVersion),
            ("labelSelector", query.LabelSelector),
            ("fieldSelector", query.FieldSelector),
            ("allowWatchBookmarks", query.AllowBookmarks ? "true" : ""));

    public static string PatchQuery(KubePatch patch) => Query(("fieldManager", patch.FieldManager), ("force", patch.Force ? "true" : ""));

    private static string Query(params (string Name, string Value)[] parameters)
    {
        var query = string.Join('&', parameters.Where(parameter => parameter.Value.Length > 0).Select(parameter => $"{parameter.Name}={Uri.EscapeDataString(parameter.Value)}"));
        return query.Length == 0 ? "" : $"?{query}";
    }
}
