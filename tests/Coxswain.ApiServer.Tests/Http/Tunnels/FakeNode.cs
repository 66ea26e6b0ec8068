using System.Collections.Concurrent;
using System.Net;
using System.Security.Cryptography.X509Certificates;
using Coxswain.ApiServer.Certificates;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Https;

namespace Coxswain.ApiServer.Tests.Http.Tunnels;

/// <summary>A node's endpoint that notes what it is asked, and sends back what comes after an upgrade.</summary>
internal sealed class FakeNode : IAsyncDisposable
{
    private readonly WebApplication _application;

    public FakeNode(ClusterPki pki)
    {
        var node = pki.Node("n1", [IPAddress.Loopback]);
        using var pem = X509Certificate2.CreateFromPem(node.CertificatePem, node.KeyPem);
        var certificate = X509CertificateLoader.LoadPkcs12(pem.Export(X509ContentType.Pkcs12), null);
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().UseKestrelHttpsConfiguration().ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0, listen =>
        {
            listen.Protocols = HttpProtocols.Http1AndHttp2;
            listen.UseHttps(https =>
            {
                https.ServerCertificate = certificate;
                https.ClientCertificateMode = ClientCertificateMode.RequireCertificate;
                https.AllowAnyClientCertificate();
            });
        }));
        _application = builder.Build();
        _application.Run(AnswerAsync);
    }

    /// <summary>Method, path and query of each request.</summary>
    public ConcurrentQueue<string> Asked { get; } = new();

    /// <summary>Completes with the newest upgraded connection's end.</summary>
    public TaskCompletionSource Ended { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>What is answered instead of an upgrade.</summary>
    public (int Code, string Text)? Refusal { get; set; }

    /// <summary>What is answered to a request that asks for no upgrade, by its path.</summary>
    public Func<string, string>? Text { get; set; }

    public async Task<int> StartAsync()
    {
        await _application.StartAsync();
        return new Uri(_application.Urls.First()).Port;
    }

    public ValueTask DisposeAsync() => _application.DisposeAsync();

    private async Task AnswerAsync(HttpContext context)
    {
        Asked.Enqueue($"{context.Request.Method} {context.Features.GetRequiredFeature<IHttpRequestFeature>().RawTarget}"
            + (context.Request.Headers.Authorization.Count > 0 ? " with credentials" : ""));
        if (Refusal is var (code, text))
        {
            context.Response.StatusCode = code;
            await context.Response.WriteAsync(text);
            return;
        }

        if (Text is { } answer && context.Request.Headers.Upgrade.Count == 0)
        {
            await context.Response.WriteAsync(answer(context.Request.Path));
            return;
        }

        context.Response.Headers.Upgrade = context.Request.Headers.Upgrade;
        context.Response.Headers["X-Stream-Protocol-Version"] = context.Request.Headers["X-Stream-Protocol-Version"];
        await using var stream = await context.Features.GetRequiredFeature<IHttpUpgradeFeature>().UpgradeAsync();
        try
        {
            await stream.CopyToAsync(stream, context.RequestAborted);
        }
        catch (Exception exception) when (exception is IOException or OperationCanceledException)
        {
            // The server let go.
        }
        finally
        {
            Ended.TrySetResult();
        }
    }
}
