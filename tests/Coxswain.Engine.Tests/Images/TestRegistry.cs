using System.Collections.Concurrent;
using System.Net;
using System.Text;
using Coxswain.Engine.Images;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Coxswain.Engine.Tests.Images;

/// <summary>A small registry on a loopback port: enough of the distribution protocol to pull and push, with tokens if wanted.</summary>
internal sealed class TestRegistry : IAsyncDisposable
{
    private const string Token = "a-token";

    private readonly WebApplication _application;
    private readonly ConcurrentDictionary<string, byte[]> _blobs = new();
    private readonly ConcurrentDictionary<string, (string Type, byte[] Content)> _manifests = new();
    private readonly string? _password;

    private TestRegistry(string? password)
    {
        _password = password;
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(options =>
        {
            options.Listen(IPAddress.Loopback, 0);
            options.Limits.MaxRequestBodySize = null;
        });
        _application = builder.Build();
        _application.Run(AnswerAsync);
    }

    public string Host => new Uri(_application.Urls.Single()).Authority;

    /// <summary>After so many bytes of a blob the connection is cut, once.</summary>
    public int? CutAfter { get; set; }

    /// <summary>Awaited before each blob is sent.</summary>
    public Func<Task> BeforeBlob { get; set; } = () => Task.CompletedTask;

    public string TokenAnswer { get; set; } = $$"""{"token":"{{Token}}"}""";

    public ConcurrentQueue<string> Requests { get; } = new();

    /// <param name="password">With one, a token is wanted, and given only to user "me" with this password.</param>
    public static async Task<TestRegistry> StartAsync(string? password = null)
    {
        var registry = new TestRegistry(password);
        await registry._application.StartAsync(TestImages.Timeout);
        return registry;
    }

    public void Put(string reference, string mediaType, byte[] manifest)
    {
        _manifests[reference] = (mediaType, manifest);
        _manifests[Digest.Of(manifest).ToString()] = (mediaType, manifest);
    }

    public byte[] Manifest(string reference) => _manifests[reference].Content;

    public void Damage(Digest blob) => _blobs[blob.ToString()] = Encoding.UTF8.GetBytes("something else");

    public ValueTask DisposeAsync() => _application.DisposeAsync();

    private async Task AnswerAsync(HttpContext context)
    {
        var path = context.Request.Path.Value ?? "";
        Requests.Enqueue($"{context.Request.Method} {path}");
        if (path == "/token")
        {
            var basic = "Basic " + Convert.ToBase64String(Encoding.UTF8.GetBytes($"me:{_password}"));
            context.Response.StatusCode = context.Request.Headers.Authorization == basic ? 200 : 401;
            await context.Response.WriteAsync(context.Response.StatusCode == 200 ? TokenAnswer : "no");
        }
        else if (_password is not null && context.Request.Headers.Authorization != "Bearer " + Token)
        {
            context.Response.StatusCode = 401;
            context.Response.Headers.WWWAuthenticate = $"Bearer realm=\"http://{Host}/token\",service=\"test\",scope=\"repository:a/b:pull,push\"";
        }
        else
        {
            await ServeAsync(context, path[(path.LastIndexOf('/') + 1)..], path);
        }
    }

    private async Task ServeAsync(HttpContext context, string last, string path)
    {
        using var body = new MemoryStream();
        await context.Request.Body.CopyToAsync(body);
        var method = context.Request.Method;
        if (method == "POST")
        {
            context.Response.StatusCode = 202;
            context.Response.Headers.Location = $"{path}session?state=x";
        }
        else if (method == "PUT" && path.Contains("/manifests/", StringComparison.Ordinal))
        {
            Put(last, context.Request.ContentType ?? "", body.ToArray());
            context.Response.StatusCode = 201;
        }
        else if (method == "PUT")
        {
            var digest = context.Request.Query["digest"].ToString();
            context.Response.StatusCode = Digest.Of(body.ToArray()).ToString() == digest ? 201 : 400;
            _blobs[digest] = body.ToArray();
        }
        else if (path.Contains("/manifests/", StringComparison.Ordinal) && _manifests.TryGetValue(last, out var manifest))
        {
            context.Response.ContentType = manifest.Type;
            await context.Response.Body.WriteAsync(manifest.Content);
        }
        else if (path.Contains("/blobs/", StringComparison.Ordinal) && _blobs.TryGetValue(last, out var blob))
        {
            await BeforeBlob();
            if (method == "GET")
            {
                await SendAsync(context, blob);
            }
            else
            {
                context.Response.ContentLength = blob.Length;
            }
        }
        else
        {
            context.Response.StatusCode = 404;
        }
    }

    private async Task SendAsync(HttpContext context, byte[] blob)
    {
        var from = 0;
        if (context.Request.Headers.Range.ToString() is { Length: > 0 } range)
        {
            Requests.Enqueue(range);
            from = int.Parse(range["bytes=".Length..].TrimEnd('-'), System.Globalization.CultureInfo.InvariantCulture);
            context.Response.StatusCode = 206;
            context.Response.Headers.ContentRange = $"bytes {from}-{blob.Length - 1}/{blob.Length}";
        }

        context.Response.ContentLength = blob.Length - from;
        if (CutAfter is { } cut && blob.Length - from > cut)
        {
            CutAfter = null;
            await context.Response.Body.WriteAsync(blob.AsMemory(from, cut));
            await context.Response.Body.FlushAsync();
            context.Abort();
            return;
        }

        await context.Response.Body.WriteAsync(blob.AsMemory(from));
    }
}
