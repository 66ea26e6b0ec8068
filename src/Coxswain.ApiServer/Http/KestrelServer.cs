using System.Globalization;
using System.Net;
using System.Net.Security;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using Coxswain.ApiServer.Authentication;
using Coxswain.ApiServer.Certificates;
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
    /// <summary>Nobody else is served once all are taken, but the process keeps files to write with.</summary>
    private static readonly long MostConnections = Math.Min(16 * 1024, MostFiles() / 4 * 3);

    /// <summary>A connection whose client takes less than this, while there is something to take, is broken.</summary>
    private static readonly MinDataRate LeastRate = new(bytesPerSecond: 240, gracePeriod: TimeSpan.FromSeconds(30));

    /// <param name="certificate">The server's own, asked at each handshake.</param>
    /// <param name="clients">Who says which client certificates are good.</param>
    public static WebApplication Create(
        IReadOnlyList<IPEndPoint> endpoints, RenewingCertificate certificate, CertificateAuthenticator clients, HttpHandler handler, ILoggerFactory loggers)
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
            kestrel.Limits.MaxConcurrentConnections = MostConnections;
            kestrel.Limits.RequestHeadersTimeout = TimeSpan.FromSeconds(10);
            kestrel.Limits.MinRequestBodyDataRate = LeastRate;
            kestrel.Limits.MinResponseDataRate = LeastRate;
            kestrel.Limits.MaxResponseBufferSize = 256 * 1024;
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
                    listen.UseHttps(new TlsHandshakeCallbackOptions
                    {
                        OnConnection = _ => ValueTask.FromResult(Handshake(certificate, clients)),
                        HandshakeTimeout = TimeSpan.FromSeconds(10),
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

    /// <summary>With the certificate of this moment; clients may bring one of our authority, or none.</summary>
    private static SslServerAuthenticationOptions Handshake(RenewingCertificate certificate, CertificateAuthenticator clients) => new()
    {
        ServerCertificateContext = certificate.Context,
        EnabledSslProtocols = SslProtocols.Tls12 | SslProtocols.Tls13,
        ClientCertificateRequired = true, // asked for, not insisted on
        CertificateRevocationCheckMode = X509RevocationMode.NoCheck,
        RemoteCertificateValidationCallback = (_, client, _, _) => client is null || (client is X509Certificate2 known && clients.IsTrusted(known)),
    };

    /// <summary>How many files the process may have open; the runtime has raised that as far as it is let.</summary>
    private static long MostFiles()
    {
        const string Name = "Max open files";
        var line = File.ReadLines("/proc/self/limits").First(line => line.StartsWith(Name, StringComparison.Ordinal));
        var soft = line[Name.Length..].Split(' ', StringSplitOptions.RemoveEmptyEntries)[0];
        return soft == "unlimited" ? long.MaxValue : long.Parse(soft, CultureInfo.InvariantCulture);
    }
}
