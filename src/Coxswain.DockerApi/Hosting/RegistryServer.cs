using System.Globalization;
using System.Net;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Coxswain.Engine.Images;
using Coxswain.Engine.Images.Documents;
using Coxswain.Engine.Images.Registry;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Coxswain.DockerApi.Hosting;

/// <summary>
/// Our own registry, by the OCI distribution specification 1.1, over plain HTTP on this machine's loopback: for docker push and pull, and
/// for Pods of this node.
/// </summary>
public sealed partial class RegistryServer(RegistryStore store, TimeProvider time, ILoggerFactory loggers)
{
    private const int MostListed = 1000;

    private readonly ILogger _logger = loggers.CreateLogger<RegistryServer>();

    /// <summary>Serves until cancelled.</summary>
    public async Task RunAsync(int port, CancellationToken cancellationToken)
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().UseShutdownTimeout(TimeSpan.FromSeconds(1));
        builder.Services.AddSingleton<IHostLifetime, NoLifetime>();
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.Listen(IPAddress.Loopback, port);
            kestrel.AddServerHeader = false;
            kestrel.Limits.MaxRequestBodySize = null; // A layer of any size.
            kestrel.Limits.MinRequestBodyDataRate = null;
        });
        await using var web = builder.Build();
        web.Run(HandleAsync);
        await web.StartAsync(cancellationToken);
        try
        {
            await Task.Delay(Timeout.InfiniteTimeSpan, time, cancellationToken);
        }
        finally
        {
            await web.StopAsync(CancellationToken.None);
        }
    }

    private async Task HandleAsync(HttpContext context)
    {
        context.Response.Headers["Docker-Distribution-Api-Version"] = "registry/2.0";
        try
        {
            await RouteAsync(context);
        }
        catch (ImageException exception) when (!context.Response.HasStarted)
        {
            var (status, code) = exception.Kind switch
            {
                ImageErrorKind.Corrupt => (400, "DIGEST_INVALID"),
                ImageErrorKind.Invalid or ImageErrorKind.Unsupported => (400, "MANIFEST_INVALID"),
                ImageErrorKind.NotFound => (404, "MANIFEST_BLOB_UNKNOWN"),
                _ => (500, "UNKNOWN"),
            };
            await ErrorAsync(context, status, code, exception.Message);
        }
        catch (Exception exception) when (!context.RequestAborted.IsCancellationRequested && !context.Response.HasStarted)
        {
            Log.RequestFailed(_logger, exception, context.Request.Method, context.Request.Path);
            await ErrorAsync(context, 500, "UNKNOWN", "a fault of ours, see the server's log");
        }
    }

    private Task RouteAsync(HttpContext context)
    {
        var path = context.Request.Path.Value ?? "";
        if (path is "/v2/" or "/v2")
        {
            return JsonAsync(context, new JsonObject());
        }

        if (path == "/v2/_catalog")
        {
            return PageAsync(context, "repositories", null, store.ListRepositories());
        }

        var match = Resource().Match(path);
        if (!match.Success)
        {
            return ErrorAsync(context, 404, "NAME_UNKNOWN", $"there is nothing at {path}");
        }

        var (name, kind, reference) = (match.Groups["name"].Value, match.Groups["kind"].Value, match.Groups["reference"].Value);
        return kind switch
        {
            "tags/list" => TagsAsync(context, name),
            "manifests" => ManifestAsync(context, name, reference),
            "referrers" => ReferrersAsync(context, name, reference),
            "blobs/uploads" => UploadAsync(context, name, reference),
            _ => BlobAsync(context, name, reference),
        };
    }

    private Task TagsAsync(HttpContext context, string name) =>
        store.ListTags(name) is { } tags
            ? PageAsync(context, "tags", name, tags)
            : ErrorAsync(context, 404, "NAME_UNKNOWN", $"there is no repository {name}");

    private static Task PageAsync(HttpContext context, string key, string? name, IReadOnlyList<string> all)
    {
        var query = context.Request.Query;
        var most = int.TryParse(query["n"], NumberStyles.None, CultureInfo.InvariantCulture, out var n) ? Math.Min(n, MostListed) : MostListed;
        var last = query["last"].ToString();
        var rest = all.Where(item => last.Length == 0 || string.CompareOrdinal(item, last) > 0).ToArray();
        var page = rest.Take(most).ToArray();
        if (page.Length < rest.Length && page.Length > 0)
        {
            context.Response.Headers.Link = $"<{context.Request.Path}?n={most}&last={Uri.EscapeDataString(page[^1])}>; rel=\"next\"";
        }

        var answer = new JsonObject { [key] = new JsonArray([.. page.Select(item => JsonValue.Create(item))]) };
        if (name is not null)
        {
            answer["name"] = name;
        }

        return JsonAsync(context, answer);
    }

    private async Task ManifestAsync(HttpContext context, string name, string reference)
    {
        if (!Reference().IsMatch(reference) && !Digest.TryParse(reference, out _))
        {
            await ErrorAsync(context, 404, "MANIFEST_UNKNOWN", $"{reference} is neither a tag nor a digest");
            return;
        }

        switch (context.Request.Method)
        {
            case "GET" or "HEAD":
                if (store.FindManifest(name, reference) is not { } found)
                {
                    await ErrorAsync(context, 404, "MANIFEST_UNKNOWN", $"there is no manifest {name}:{reference}");
                    return;
                }

                context.Response.Headers["Docker-Content-Digest"] = found.Digest.ToString();
                context.Response.Headers.ETag = $"\"{found.Digest}\"";
                context.Response.ContentType = found.MediaType;
                context.Response.ContentLength = found.Bytes.Length;
                if (context.Request.Method == "GET")
                {
                    await context.Response.Body.WriteAsync(found.Bytes, context.RequestAborted);
                }

                break;
            case "PUT":
                await PutManifestAsync(context, name, reference);
                break;
            case "DELETE":
                if (await store.DeleteManifestAsync(name, reference, context.RequestAborted))
                {
                    context.Response.StatusCode = StatusCodes.Status202Accepted;
                }
                else
                {
                    await ErrorAsync(context, 404, "MANIFEST_UNKNOWN", $"there is no manifest {name}:{reference}");
                }

                break;
            default:
                await ErrorAsync(context, 405, "UNSUPPORTED", "the operation is not supported");
                break;
        }
    }

    private async Task PutManifestAsync(HttpContext context, string name, string reference)
    {
        using var body = new MemoryStream();
        var buffer = new byte[64 * 1024];
        int count;
        while ((count = await context.Request.Body.ReadAsync(buffer, context.RequestAborted)) > 0)
        {
            body.Write(buffer, 0, count);
            if (body.Length > RegistryStore.MostManifestBytes)
            {
                await ErrorAsync(context, 413, "MANIFEST_INVALID", $"a manifest has at most {RegistryStore.MostManifestBytes} bytes");
                return;
            }
        }

        var mediaType = context.Request.ContentType?.Split(';')[0].Trim() is { Length: > 0 } given ? given : MediaTypes.OciManifest;
        var stored = await store.PutManifestAsync(name, reference, mediaType, body.ToArray(), context.RequestAborted);
        context.Response.StatusCode = StatusCodes.Status201Created;
        context.Response.Headers.Location = $"/v2/{name}/manifests/{stored.Digest}";
        context.Response.Headers["Docker-Content-Digest"] = stored.Digest.ToString();
        if (stored.Subject is { } subject)
        {
            context.Response.Headers["OCI-Subject"] = subject.ToString();
        }
    }

    private Task ReferrersAsync(HttpContext context, string name, string reference)
    {
        if (!Digest.TryParse(reference, out var subject))
        {
            return ErrorAsync(context, 400, "DIGEST_INVALID", $"{reference} is not a digest");
        }

        var wanted = context.Request.Query["artifactType"].ToString();
        var manifests = new JsonArray();
        foreach (var referrer in store.ListReferrers(name, subject).Where(referrer => wanted.Length == 0 || referrer.ArtifactType == wanted))
        {
            var entry = new JsonObject
            {
                ["mediaType"] = referrer.MediaType,
                ["digest"] = referrer.Digest.ToString(),
                ["size"] = referrer.Size,
                ["artifactType"] = referrer.ArtifactType,
            };
            if (referrer.Annotations is { Count: > 0 } annotations)
            {
                entry["annotations"] = new JsonObject(annotations.Select(pair => KeyValuePair.Create(pair.Key, (JsonNode?)JsonValue.Create(pair.Value))));
            }

            manifests.Add(entry);
        }

        if (wanted.Length > 0)
        {
            context.Response.Headers["OCI-Filters-Applied"] = "artifactType";
        }

        return JsonAsync(
            context, new JsonObject { ["schemaVersion"] = 2, ["mediaType"] = MediaTypes.OciIndex, ["manifests"] = manifests }, MediaTypes.OciIndex);
    }

    private async Task BlobAsync(HttpContext context, string name, string reference)
    {
        if (!Digest.TryParse(reference, out var digest))
        {
            await ErrorAsync(context, 400, "DIGEST_INVALID", $"{reference} is not a digest");
            return;
        }

        if (context.Request.Method is not ("GET" or "HEAD"))
        {
            await ErrorAsync(context, 405, "UNSUPPORTED", "blobs go by themselves when no manifest names them any more");
            return;
        }

        await using var blob = store.OpenBlob(name, digest);
        if (blob is null)
        {
            await ErrorAsync(context, 404, "BLOB_UNKNOWN", $"there is no blob {digest} in {name}");
            return;
        }

        context.Response.Headers["Docker-Content-Digest"] = digest.ToString();
        context.Response.Headers.AcceptRanges = "bytes";
        await Results.Stream(blob, "application/octet-stream", enableRangeProcessing: true).ExecuteAsync(context);
    }

    private async Task UploadAsync(HttpContext context, string name, string id)
    {
        var request = context.Request;
        if (request.Method == "POST" && id.Length == 0)
        {
            await BeginUploadAsync(context, name);
            return;
        }

        if (store.FindUpload(name, id) is not { } upload)
        {
            await ErrorAsync(context, 404, "BLOB_UPLOAD_UNKNOWN", $"there is no upload {id} in {name}");
            return;
        }

        await upload.Turn.WaitAsync(context.RequestAborted);
        try
        {
            switch (request.Method)
            {
                case "GET":
                    Progress(context, upload, StatusCodes.Status204NoContent);
                    break;
                case "DELETE":
                    store.Cancel(upload);
                    context.Response.StatusCode = StatusCodes.Status204NoContent;
                    break;
                case "PATCH" or "PUT" when !Continues(request, upload):
                    Progress(context, upload, StatusCodes.Status416RangeNotSatisfiable);
                    break;
                case "PATCH":
                    await upload.AppendAsync(request.Body, context.RequestAborted);
                    Progress(context, upload, StatusCodes.Status202Accepted);
                    break;
                case "PUT":
                    await FinishAsync(context, upload);
                    break;
                default:
                    await ErrorAsync(context, 405, "UNSUPPORTED", "the operation is not supported");
                    break;
            }
        }
        finally
        {
            upload.Turn.Release();
        }
    }

    private async Task BeginUploadAsync(HttpContext context, string name)
    {
        var query = context.Request.Query;
        if (Digest.TryParse(query["mount"], out var mounted) && query["from"].ToString() is { Length: > 0 } from
            && await store.MountAsync(name, from, mounted, context.RequestAborted))
        {
            Created(context, name, mounted);
            return;
        }

        var upload = await store.BeginAsync(name, context.RequestAborted);
        if (query["digest"].Count > 0)
        {
            await FinishAsync(context, upload);
            return;
        }

        Progress(context, upload, StatusCodes.Status202Accepted);
    }

    private async Task FinishAsync(HttpContext context, RegistryUpload upload)
    {
        if (!Digest.TryParse(context.Request.Query["digest"], out var digest))
        {
            await ErrorAsync(context, 400, "DIGEST_INVALID", "the digest is missing or malformed");
            return;
        }

        await upload.AppendAsync(context.Request.Body, context.RequestAborted);
        await store.FinishAsync(upload, digest, context.RequestAborted);
        Created(context, upload.Name, digest);
    }

    /// <summary>A piece that says where it belongs must go on where the last one ended.</summary>
    private static bool Continues(HttpRequest request, RegistryUpload upload) =>
        request.Headers.ContentRange.ToString() is not { Length: > 0 } range
        || (range.Split('-') is [var first, _] && long.TryParse(first.Replace("bytes ", "", StringComparison.Ordinal), out var start) && start == upload.Length);

    private static void Progress(HttpContext context, RegistryUpload upload, int status)
    {
        context.Response.StatusCode = status;
        context.Response.Headers.Location = $"/v2/{upload.Name}/blobs/uploads/{upload.Id}";
        context.Response.Headers.Range = $"0-{Math.Max(0, upload.Length - 1)}";
        context.Response.Headers["Docker-Upload-UUID"] = upload.Id;
    }

    private static void Created(HttpContext context, string name, Digest digest)
    {
        context.Response.StatusCode = StatusCodes.Status201Created;
        context.Response.Headers.Location = $"/v2/{name}/blobs/{digest}";
        context.Response.Headers["Docker-Content-Digest"] = digest.ToString();
    }

    private static Task ErrorAsync(HttpContext context, int status, string code, string message)
    {
        context.Response.StatusCode = status;
        return HttpMethods.IsHead(context.Request.Method) ? Task.CompletedTask : JsonAsync(
            context, new JsonObject { ["errors"] = new JsonArray(new JsonObject { ["code"] = code, ["message"] = message }) });
    }

    private static async Task JsonAsync(HttpContext context, JsonNode answer, string type = "application/json")
    {
        var bytes = JsonSerializer.SerializeToUtf8Bytes(answer);
        context.Response.ContentType = type;
        context.Response.ContentLength = bytes.Length;
        if (!HttpMethods.IsHead(context.Request.Method))
        {
            await context.Response.Body.WriteAsync(bytes, context.RequestAborted);
        }
    }

    [GeneratedRegex(@"^/v2/(?<name>[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*(?:/[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*)*)/(?:(?<kind>tags/list)|(?<kind>manifests|referrers)/(?<reference>[^/]+)|(?<kind>blobs/uploads)/(?<reference>[^/]*)|(?<kind>blobs)/(?<reference>[^/]+))\z")]
    private static partial Regex Resource();

    [GeneratedRegex(@"^[a-zA-Z0-9_][a-zA-Z0-9._-]{0,127}\z")]
    private static partial Regex Reference();

    /// <summary>The process's signals are the cluster server's to handle.</summary>
    private sealed class NoLifetime : IHostLifetime
    {
        public Task WaitForStartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    }

    private static partial class Log
    {
        [LoggerMessage(LogLevel.Error, "{Method} {Path} of the registry failed")]
        public static partial void RequestFailed(ILogger logger, Exception exception, string method, string path);
    }
}
