using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json.Nodes;
using Coxswain.Api.Errors;
using Coxswain.ApiServer.Authentication;
using Coxswain.ApiServer.Certificates;
using Coxswain.ApiServer.OpenApi;
using Coxswain.ApiServer.Resources;
using Microsoft.AspNetCore.Http;

namespace Coxswain.ApiServer.Http;

/// <summary>What is served beside resources: version, health, metrics, OpenAPI.</summary>
internal sealed class ServerEndpoints(
    HealthChecks health, RequestMetrics metrics, CatalogueHolder catalogue, DiscoveryEndpoint discovery, ClusterPki pki,
    string gitVersion, string gitCommit)
{
    private readonly byte[] _version = Encoding.UTF8.GetBytes(new JsonObject
    {
        ["major"] = "1",
        ["minor"] = "36",
        ["gitVersion"] = gitVersion,
        ["gitCommit"] = gitCommit,
        ["gitTreeState"] = "clean",
        ["buildDate"] = "2026-01-01T00:00:00Z",
        ["goVersion"] = "",
        ["compiler"] = "dotnet",
        ["platform"] = $"linux/{(RuntimeInformation.ProcessArchitecture == Architecture.Arm64 ? "arm64" : "amd64")}",
    }.ToJsonString());

    private static readonly string[] OwnPaths =
        ["/healthz", "/livez", "/metrics", "/openapi/v2", "/openapi/v3", "/readyz", "/version"];

    public bool TryHandle(HttpContext context, string path, out Task task)
    {
        var found = path switch
        {
            "/" => HttpAnswer.WriteAsync(context, 200, HttpAnswer.Json, Paths()),
            "/version" or "/version/" => HttpAnswer.WriteAsync(context, 200, HttpAnswer.Json, _version),
            "/metrics" => HttpAnswer.WriteAsync(context, 200, "text/plain; version=0.0.4; charset=utf-8", Encoding.UTF8.GetBytes(metrics.Text())),
            "/openid/v1/jwks" => HttpAnswer.WriteAsync(context, 200, "application/jwk-set+json", IssuerDocuments.KeySet(pki.TokenKey)),
            "/.well-known/openid-configuration" => HttpAnswer.WriteAsync(context, 200, HttpAnswer.Json, IssuerDocuments.Configuration()),
            _ when path.StartsWith("/openapi/", StringComparison.Ordinal) => WriteOpenApiAsync(context, path),
            _ => health.TryHandle(context, path),
        };
        task = found ?? Task.CompletedTask;
        return found is not null;
    }

    private OpenApiDocuments OpenApi => catalogue.Current.Derive(served => new OpenApiDocuments(served.All, gitVersion));

    private byte[] Paths() => Encoding.UTF8.GetBytes(new JsonObject
    {
        ["paths"] = new JsonArray([.. discovery.Documents.Paths.Concat(OwnPaths).Order(StringComparer.Ordinal).Select(path => JsonValue.Create(path))]),
    }.ToJsonString());

    private Task WriteOpenApiAsync(HttpContext context, string path)
    {
        if (OpenApi.Find(path, context.Request.Headers.Accept.ToString()) is not { } document)
        {
            throw new KubeStatusException(Statuses.ResourceNotFound());
        }

        context.Response.Headers.ETag = document.ETag;
        context.Response.Headers.Vary = "Accept";
        if (context.Request.Query.ContainsKey("hash"))
        {
            context.Response.Headers.CacheControl = "public, immutable";
        }

        if (context.Request.Headers.IfNoneMatch.ToString() == document.ETag)
        {
            context.Response.StatusCode = 304;
            return Task.CompletedTask;
        }

        return HttpAnswer.WriteAsync(context, 200, document.ContentType, document.Bytes);
    }
}
