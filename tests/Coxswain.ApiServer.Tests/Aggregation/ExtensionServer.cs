using System.Net;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Coxswain.ApiServer.Certificates;
using Coxswain.ApiServer.Http;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Https;

namespace Coxswain.ApiServer.Tests.Aggregation;

/// <summary>An API server of somebody else's, on a free port of this machine, for <c>things</c> in one group.</summary>
internal sealed class ExtensionServer : IAsyncDisposable
{
    private readonly CertificateAuthority _authority = CertificateAuthority.Create("extension-ca", TimeProvider.System);
    private WebApplication _web = null!; // set before StartAsync returns

    public int Port { get; private set; }

    public string CaBundle => Convert.ToBase64String(Encoding.UTF8.GetBytes(_authority.CertificatePem));

    /// <summary>Whether it answers at all.</summary>
    public bool IsWell { get; set; } = true;

    public static async Task<ExtensionServer> StartAsync()
    {
        var server = new ExtensionServer();
        var certificate = server._authority.Issue(new CertificateSubject("extension") { DnsNames = ["things.default.svc"] });
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().UseKestrelHttpsConfiguration();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0, listen => listen.UseHttps(options =>
        {
            options.ServerCertificate = X509CertificateLoader.LoadPkcs12(certificate.ToCertificate().Export(X509ContentType.Pkcs12), null);
            options.ClientCertificateMode = ClientCertificateMode.RequireCertificate;
            options.ClientCertificateValidation = (_, _, _) => true;
        })));
        server._web = builder.Build();
        server._web.Run(server.HandleAsync);
        await server._web.StartAsync();
        server.Port = KestrelServer.AddressesOf(server._web)[0].Port;
        return server;
    }

    public async ValueTask DisposeAsync()
    {
        await _web.DisposeAsync();
        _authority.Dispose();
    }

    private async Task HandleAsync(HttpContext context)
    {
        context.Response.StatusCode = IsWell ? 200 : 500;
        context.Response.ContentType = "application/json";
        if (context.Request.Path == "/apis/things.example.com/v1")
        {
            await context.Response.WriteAsync("""
                {"kind":"APIResourceList","apiVersion":"v1","groupVersion":"things.example.com/v1",
                 "resources":[{"name":"things","singularName":"thing","namespaced":true,"kind":"Thing","verbs":["get","list"],"shortNames":["th"]}]}
                """);
            return;
        }

        using var body = new StreamReader(context.Request.Body);
        var headers = context.Request.Headers;
        await context.Response.WriteAsync(new System.Text.Json.Nodes.JsonObject
        {
            ["method"] = context.Request.Method,
            ["path"] = context.Request.Path + context.Request.QueryString,
            ["body"] = await body.ReadToEndAsync(),
            ["user"] = headers["X-Remote-User"].ToString(),
            ["groups"] = headers["X-Remote-Group"].ToString(),
            ["authorization"] = headers.Authorization.ToString(),
            ["proxy"] = context.Connection.ClientCertificate?.Subject,
        }.ToJsonString());
    }
}
