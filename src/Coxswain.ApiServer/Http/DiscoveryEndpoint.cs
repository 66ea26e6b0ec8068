using Coxswain.ApiServer.Discovery;
using Coxswain.ApiServer.Resources;
using Microsoft.AspNetCore.Http;

namespace Coxswain.ApiServer.Http;

/// <summary>Answers discovery, aggregated for clients that can read that.</summary>
internal sealed class DiscoveryEndpoint(CatalogueHolder catalogue, string serverAddress)
{
    /// <summary>Of what is served now.</summary>
    public DiscoveryDocuments Documents => catalogue.Current.Derive(served => new DiscoveryDocuments(served, serverAddress));

    /// <summary>False when the path is not discovery.</summary>
    public bool TryHandle(HttpContext context, string path, out Task task)
    {
        var documents = Documents;
        path = path.Length > 1 ? path.TrimEnd('/') : path;
        var version = AggregatedVersion(context.Request.Headers.Accept.ToString());
        if (version is not null && documents.FindAggregated(path, version) is { } aggregated)
        {
            task = WriteAsync(context, aggregated, version);
            return true;
        }

        if (documents.FindPlain(path) is { } plain)
        {
            context.Response.Headers.Vary = "Accept";
            task = HttpAnswer.WriteAsync(context, 200, HttpAnswer.Json, plain);
            return true;
        }

        task = Task.CompletedTask;
        return false;
    }

    private static Task WriteAsync(HttpContext context, DiscoveryDocument document, string version)
    {
        context.Response.Headers.Vary = "Accept";
        context.Response.Headers.ETag = document.ETag;
        context.Response.Headers.CacheControl = "public";
        if (context.Request.Headers.IfNoneMatch.ToString() == document.ETag)
        {
            context.Response.StatusCode = 304;
            return Task.CompletedTask;
        }

        return HttpAnswer.WriteAsync(context, 200, $"application/json;g=apidiscovery.k8s.io;v={version};as=APIGroupDiscoveryList", document.Bytes);
    }

    private static string? AggregatedVersion(string accept)
    {
        foreach (var range in accept.Split(',', StringSplitOptions.TrimEntries))
        {
            if (range.StartsWith("application/json", StringComparison.Ordinal))
            {
                return !range.Contains("as=APIGroupDiscoveryList", StringComparison.Ordinal) ? null
                    : range.Contains("v=v2beta1", StringComparison.Ordinal) ? "v2beta1" : "v2";
            }
        }

        return null;
    }
}
