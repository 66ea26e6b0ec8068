using System.Net;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using Coxswain.ApiServer.Authentication;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Https;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Coxswain.ApiServer.Http;

/// <summary>Kestrel with TLS and HTTP/2, and nothing of the web framework above it but one delegate.</summary>
internal static class KestrelServer
{
    /// <param name="certificate">The server's own.</param>
    /// <param name="clients">Who says which client certificates are good.</param>
    public static WebApplication Create(
        IReadOnlyList<IPEndPoint> endpoints, X509Certificate2 certificate, CertificateAuthenticator clients, HttpHandler handler, ILoggerFactory loggers)
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().UseKestrelHttpsConfiguration();
        builder.WebHost.UseShutdownTimeout(TimeSpan.FromSeconds(2));
        builder.Services.AddSingleton<ILoggerFactory>(new WarningLoggerFactory(loggers));
        builder.Services.AddSingleton<IHostLifetime, EmbeddedLifetime>();
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Limits.MaxRequestBodySize = 16 * 1024 * 1024;
            kestrel.Limits.MinResponseDataRate = null;
            kestrel.Limits.MaxResponseBufferSize = 1024 * 1024;
            kestrel.Limits.KeepAliveTimeout = TimeSpan.FromMinutes(10);
            kestrel.Limits.Http2.MaxStreamsPerConnection = 1000;
            kestrel.Limits.Http2.KeepAlivePingDelay = TimeSpan.FromMinutes(1);
            kestrel.Limits.Http2.InitialConnectionWindowSize = 8 * 1024 * 1024;
            kestrel.Limits.Http2.InitialStreamWindowSize = 4 * 1024 * 1024;
            foreach (var endpoint in endpoints)
            {
                kestrel.Listen(endpoint, listen =>
                {
                    listen.Protocols = HttpProtocols.Http1AndHttp2;
                    listen.UseHttps(https =>
                    {
                        https.ServerCertificate = certificate;
                        https.ClientCertificateMode = ClientCertificateMode.AllowCertificate;
                        https.SslProtocols = SslProtocols.Tls12 | SslProtocols.Tls13;
                        https.ClientCertificateValidation = (client, _, _) => clients.IsTrusted(client);
                        https.HandshakeTimeout = TimeSpan.FromSeconds(20);
                    });
                });
            }
        });
        var application = builder.Build();
        application.Run(handler.HandleAsync);
        return application;
    }

    public static IReadOnlyList<IPEndPoint> AddressesOf(WebApplication application) =>
        [.. application.Services.GetRequiredService<IServer>().Features.GetRequiredFeature<IServerAddressesFeature>().Addresses
            .Select(address => IPEndPoint.Parse(address[(address.IndexOf("//", StringComparison.Ordinal) + 2)..]))];
}
