using System.Net;
using System.Security.Cryptography.X509Certificates;
using Coxswain.Node.Options;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Https;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Coxswain.Node.Server;

/// <summary>The node's own HTTPS endpoint, for the API server and administrators alone.</summary>
internal sealed class NodeServer : IAsyncDisposable
{
    /// <summary>Execs, attaches and port-forwards at a time; each holds some memory and a process or sockets.</summary>
    private const int MostStreams = 4096;

    /// <summary>For the handshake, and again for a request's headers.</summary>
    private static readonly TimeSpan OpeningTimeout = TimeSpan.FromSeconds(10);

    private readonly WebApplication _application;
    private readonly NodeServerOptions _options;

    public NodeServer(
        NodeServerOptions options, NodeAgentOptions node, NodeEndpoints endpoints, StatsEndpoints stats, StreamEndpoints streams,
        ILoggerFactory loggers)
    {
        _options = options;
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.Services.AddSingleton(loggers);
        builder.Services.AddRoutingCore();
        builder.WebHost.UseKestrelCore().UseKestrelHttpsConfiguration().ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Limits.MaxConcurrentConnections = options.MostConnections;
            kestrel.Limits.RequestHeadersTimeout = OpeningTimeout;
            kestrel.Limits.MaxConcurrentUpgradedConnections = MostStreams;
            kestrel.Limits.MinResponseDataRate = null; // the API server waits for its own clients
            kestrel.Listen(options.Address ?? IPAddress.Parse(node.NodeAddress), options.Port, listen =>
            {
                listen.Protocols = HttpProtocols.Http1AndHttp2;
                listen.UseHttps(https =>
                {
                    https.HandshakeTimeout = OpeningTimeout;
                    https.ServerCertificate = options.Certificate;
                    https.ClientCertificateMode = ClientCertificateMode.AllowCertificate;
                    https.ClientCertificateValidation = (certificate, _, _) => IsOfAuthority(certificate);
                });
            });
        });
        _application = builder.Build();
        _application.Use(AuthorizeAsync);
        endpoints.Map(_application);
        stats.Map(_application);
        streams.Map(_application, _application.Lifetime);
    }

    public int Port { get; private set; }

    public async Task<int> StartAsync(CancellationToken cancellationToken)
    {
        await _application.StartAsync(cancellationToken);
        var addresses = _application.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!; // Kestrel has it.
        Port = new Uri(addresses.Addresses.First()).Port;
        return Port;
    }

    public ValueTask DisposeAsync() => _application.DisposeAsync();

    /// <summary>Whether a verified certificate names someone who may ask for anything.</summary>
    internal static bool IsAllowed(X500DistinguishedName subject, NodeServerOptions options)
    {
        foreach (var part in subject.EnumerateRelativeDistinguishedNames())
        {
            if (part.HasMultipleElements)
            {
                continue;
            }

            var value = part.GetSingleElementValue() ?? "";
            if ((part.GetSingleElementType().Value == "2.5.4.10" && options.AllowedGroups.Contains(value))
                || (part.GetSingleElementType().Value == "2.5.4.3" && options.AllowedUsers.Contains(value)))
            {
                return true;
            }
        }

        return false;
    }

    private bool IsOfAuthority(X509Certificate2 certificate)
    {
        if (_options.ClientAuthority is not { } authority)
        {
            return false;
        }

        using var chain = new X509Chain();
        chain.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        chain.ChainPolicy.CustomTrustStore.Add(authority);
        chain.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
        return chain.Build(certificate);
    }

    private Task AuthorizeAsync(HttpContext context, RequestDelegate next)
    {
        if (context.Request.Path == "/healthz")
        {
            return next(context);
        }

        if (context.Connection.ClientCertificate is not { } certificate)
        {
            context.Response.StatusCode = StatusCodes.Status401Unauthorized;
            return context.Response.WriteAsync("Unauthorized", context.RequestAborted);
        }

        if (!IsAllowed(certificate.SubjectName, _options))
        {
            context.Response.StatusCode = StatusCodes.Status403Forbidden;
            return context.Response.WriteAsync($"Forbidden (subject={certificate.Subject})", context.RequestAborted);
        }

        return next(context);
    }
}
