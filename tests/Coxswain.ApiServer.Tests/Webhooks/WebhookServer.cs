using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using Coxswain.ApiServer.Certificates;
using Coxswain.ApiServer.Http;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;

namespace Coxswain.ApiServer.Tests.Webhooks;

/// <summary>A webhook on a free port of this machine, with a certificate of an authority of its own.</summary>
internal sealed class WebhookServer : IAsyncDisposable
{
    private readonly CertificateAuthority _authority = CertificateAuthority.Create("webhooks", TimeProvider.System);
    private readonly Dictionary<string, Func<JsonObject, JsonObject>> _answers = new(StringComparer.Ordinal);
    private readonly List<(string Path, JsonObject Request)> _seen = [];
    private readonly TaskCompletionSource _released = new();
    private WebApplication _web = null!; // set before StartAsync returns

    public int Port { get; private set; }

    public string CaBundle => Convert.ToBase64String(Encoding.UTF8.GetBytes(_authority.CertificatePem));

    /// <summary>The requests inside the reviews that came, in their order.</summary>
    public IReadOnlyList<(string Path, JsonObject Request)> Seen
    {
        get
        {
            lock (_seen)
            {
                return [.. _seen];
            }
        }
    }

    public static async Task<WebhookServer> StartAsync()
    {
        var server = new WebhookServer();
        var certificate = server._authority.Issue(new CertificateSubject("webhook") { DnsNames = ["hook.default.svc"], Addresses = [IPAddress.Loopback] });
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().UseKestrelHttpsConfiguration();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0, listen => listen.UseHttps(
            System.Security.Cryptography.X509Certificates.X509CertificateLoader.LoadPkcs12(
                certificate.ToCertificate().Export(System.Security.Cryptography.X509Certificates.X509ContentType.Pkcs12), null))));
        server._web = builder.Build();
        server._web.Run(server.HandleAsync);
        await server._web.StartAsync();
        server.Port = KestrelServer.AddressesOf(server._web)[0].Port;
        return server;
    }

    /// <summary>What is answered at a path: the response to a request.</summary>
    public void Answer(string path, Func<JsonObject, JsonObject> response) => _answers[path] = response;

    public static JsonObject Allow() => new() { ["allowed"] = true };

    public static JsonObject Deny(string message) => new() { ["allowed"] = false, ["status"] = new JsonObject { ["message"] = message, ["code"] = 403 } };

    public static JsonObject Patch(string patch) => new()
    {
        ["allowed"] = true,
        ["patchType"] = "JSONPatch",
        ["patch"] = Convert.ToBase64String(Encoding.UTF8.GetBytes(patch)),
    };

    public async ValueTask DisposeAsync()
    {
        _released.TrySetResult();
        await _web.DisposeAsync();
        _authority.Dispose();
    }

    private async Task HandleAsync(HttpContext context)
    {
        var review = (await JsonNode.ParseAsync(context.Request.Body))!.AsObject();
        var request = review["request"]!.AsObject();
        lock (_seen)
        {
            _seen.Add((context.Request.Path, request));
        }

        if (context.Request.Path == "/never")
        {
            await Task.WhenAny(_released.Task, Task.Delay(Timeout.Infinite, context.RequestAborted));
            return;
        }

        var response = _answers[context.Request.Path](request);
        response["uid"] = (string?)request["uid"];
        await context.Response.WriteAsync(new JsonObject
        {
            ["kind"] = (string?)review["kind"],
            ["apiVersion"] = (string?)review["apiVersion"],
            ["response"] = response,
        }.ToJsonString());
    }
}
